import { describe, expect, it } from "vitest";
import { dataLines, requestData } from "../../src/mail/request-data.ts";

describe("the data of a task", () => {
  it("goes as JSON, and in lines that no value can add one to", () => {
    const data = {
      item: "Screen\n  price → 5",
      bought: new Date("2026-05-05T00:00:00Z"),
      left: undefined,
      parts: [{ n: 1 }],
    };
    const { attachment, text } = requestData(data);
    expect(attachment).toMatchObject({ filename: "request.json", contentType: "application/json" });
    expect(JSON.parse(attachment.content as string)).toEqual({
      item: "Screen\n  price → 5",
      bought: "2026-05-05T00:00:00.000Z",
      parts: [{ n: 1 }],
    });
    expect(text).toBe('  item → "Screen\\n  price → 5"\n  bought → "2026-05-05T00:00:00.000Z"\n  parts → [{"n":1}]');
    expect(dataLines({})).toBe("");
  });

  const circle: Record<string, unknown> = {};
  circle["self"] = circle;
  it.each([
    ["a list", [1]],
    ["a date", new Date()],
    ["a big integer", { n: 1n }],
    ["a circle", circle],
  ])("is refused where it is %s", (_, data) => {
    expect(() => requestData(data)).toThrow(expect.objectContaining({ code: "INVALID_MESSAGE" }));
  });
});
