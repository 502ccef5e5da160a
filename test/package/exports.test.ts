import { expect, it } from "vitest";

it.each(["langgraph-email", "langgraph-email/mail", "langgraph-email/mcp", "langgraph-email/testing"])(
  "%s exports what it did",
  async (name) => {
    const names = Object.keys((await import(/* @vite-ignore */ name)) as object).toSorted();
    expect(names).toMatchSnapshot();
  },
);
