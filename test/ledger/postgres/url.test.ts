import { describe, expect, it } from "vitest";
import { isPostgresUrl, parsePostgresUrl } from "../../../src/ledger/postgres/url.ts";

describe("parsePostgresUrl", () => {
  it("tells a URL from a file", () => {
    expect(
      ["postgres://h/d", "postgresql://h/d", "mail.db", ":memory:", "./postgres/mail.db"].map(isPostgresUrl),
    ).toEqual([true, true, false, false, false]);
  });

  it("takes the schema out, and names the place without credentials", () => {
    const url = "postgres://user:secret@db.example:6432/mail?schema=team_a&sslmode=require&password=other";
    expect(parsePostgresUrl(url)).toEqual({
      connectionString: "postgres://user:secret@db.example:6432/mail?sslmode=require&password=other",
      schema: "team_a",
      name: "postgres://db.example:6432/mail?schema=team_a",
    });
    expect(parsePostgresUrl("postgres:///mail?host=/run/postgresql").schema).toBe("langgraph_email");
  });

  it.each([
    "postgres://user:se/cret@host/db",
    "postgres://user:12/cret@host/db",
    "postgres://user:se#cret@host/db",
    "postgres://user:12#cret@host/db",
    "postgres://user:cret@host:port/db",
  ])("refuses %s, and does not show it", (url) => {
    expect(() => parsePostgresUrl(url)).toThrow(expect.objectContaining({ code: "INVALID_CONFIG" }));
    expect(() => parsePostgresUrl(url)).not.toThrow(/cret/);
  });

  it.each(["Team", "a-b", "", 'x"; DROP TABLE tasks; --', "a".repeat(64)])("refuses the schema %j", (schema) => {
    const url = `postgres://host/db?schema=${encodeURIComponent(schema)}`;
    expect(() => parsePostgresUrl(url)).toThrow(/lower-case letters/);
  });
});
