import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { stripThreadHistory } from "../../src/mail/strip-thread-history.ts";
import { grid } from "../bench/grid.ts";
import { mailSoup, randomOf } from "../support/mail-soup.ts";

const ROOT = join(import.meta.dirname, "../fixtures/replies");
const folded = (text: string): string => text.replace(/\s+/g, " ").trim();
const cases = readdirSync(ROOT, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".golden"))
  .map((file) => file.slice(0, -".golden".length))
  .toSorted();

function load(name: string): { text?: string; html?: string; original?: string; golden: string } {
  const read = (extension: string): string | undefined => {
    const path = join(ROOT, name + extension);
    return existsSync(path) ? readFileSync(path, "utf8") : undefined;
  };
  const [text, html, original] = [read(".txt"), read(".html"), read(".original")];
  return {
    ...(text === undefined ? {} : { text }),
    ...(html === undefined ? {} : { html }),
    ...(original === undefined ? {} : { original }),
    golden: read(".golden") ?? "",
  };
}

describe("what the clients send", () => {
  test("there are fixtures of forty languages", () => {
    expect(readdirSync(join(ROOT, "gmail")).length).toBeGreaterThanOrEqual(39);
  });

  test.each(cases)("%s", (name) => {
    const { golden, ...mail } = load(name);
    expect(folded(stripThreadHistory(mail).text)).toBe(folded(golden));
  });

  test.each(cases.filter((name) => existsSync(join(ROOT, `${name}.txt`))))("%s with CRLF", (name) => {
    const { golden, ...mail } = load(name);
    const crlf = { ...mail, text: mail.text?.replaceAll("\n", "\r\n") ?? "" };
    expect(folded(stripThreadHistory(crlf).text)).toBe(folded(golden));
  });
});

describe("the parts", () => {
  const quoted = "On Mon, May 5, 2025 at 10:12 AM Desk <desk@acme.example> wrote:\n\n> Do you approve?\n> Desk";

  test("history, signature and notice are returned apart", () => {
    const parts = stripThreadHistory({
      text: `[EXTERNAL]\n\nYes.\n\n-- \nJane Doe\n\nThis e-mail is confidential and intended solely for the addressee.\n\n${quoted}`,
    });
    expect(parts).toMatchObject({
      text: "Yes.",
      quoted,
      signature: "-- \nJane Doe",
      method: "text",
    });
    expect(parts.disclaimer).toContain("[EXTERNAL]");
    expect(parts.disclaimer).toContain("confidential");
  });

  test("answers between quoted lines come with what they answer", () => {
    const parts = stripThreadHistory({ text: "> Blue?\n\nYes.\n\n> How many?\n\nForty.\n" });
    expect(parts.inline).toEqual([
      { quote: "Blue?", answer: "Yes." },
      { quote: "How many?", answer: "Forty." },
    ]);
  });

  test("what was typed into a known form comes with its line", () => {
    const original = "Please fill in and send back to us soon:\n\nApproved:\nCost centre:\n";
    const parts = stripThreadHistory({
      text: "> Please fill in and send back to us soon:\n>\n> Approved: yes\n> Cost centre: 4712\n",
      original,
    });
    expect(parts.method).toBe("original");
    expect(parts.text).toBe("Approved: yes\nCost centre: 4712");
  });

  test("nothing to cut", () => {
    expect(stripThreadHistory({ text: "All good." })).toMatchObject({ text: "All good.", quoted: "", method: "none" });
    expect(stripThreadHistory({})).toMatchObject({ text: "", method: "none" });
  });

  test("a mail of nothing but quotation has no text", () => {
    expect(stripThreadHistory({ text: quoted }).text).toBe("");
  });

  test("the signature of a known sender is told by the name", () => {
    const parts = stripThreadHistory({
      text: "Agreed.\n\nJ. Doe\nExample Ltd\nTel. +44 20 7946 0000",
      sender: { address: "jane.doe@example.com", name: "Jane Doe" },
    });
    expect(parts.text).toBe("Agreed.");
    expect(parts.signature).toContain("Example Ltd");
  });
});

describe("hidden text", () => {
  test.each([
    ["display", '<div style="display:none">secret words</div>'],
    ["size", '<span style="font-size:0px">secret words</span>'],
    ["colour on its ground", '<table bgcolor="#112233"><tr><td style="color:#112233">secret words</td></tr></table>'],
    ["white on white", '<p style="color:white">secret words</p>'],
    ["off screen", '<div style="position:absolute;left:-9999px">secret words</div>'],
    ["opacity", '<div style="opacity:0">secret words</div>'],
    ["a class of the style sheet", "<style>.x{display:none}</style><p class=x>secret words</p>"],
    ["for Outlook", '<p style="mso-hide:all">secret words</p>'],
    ["nested in hidden", '<div style="display:none"><p>secret</p><div> words</div></div>'],
  ])("by %s is removed and reported", (_name, hidden) => {
    const parts = stripThreadHistory({ html: `<p>Hello.</p>${hidden}<p>Bye.</p>` });
    expect(parts.text).not.toContain("secret");
    expect(parts.removedHidden.join(" ")).toContain("secret words");
    expect(parts.text).toContain("Bye.");
  });

  test("white on a dark ground is no hidden text", () => {
    const parts = stripThreadHistory({ html: '<div style="background:#222"><p style="color:#fff">Hello.</p></div>' });
    expect(parts).toMatchObject({ text: "Hello.", removedHidden: [] });
  });

  test("Unicode tags are decoded", () => {
    const hidden = Array.from("reject", (c) => String.fromCodePoint(0xe0000 + (c.codePointAt(0) ?? 0))).join("");
    expect(stripThreadHistory({ text: `Yes${hidden}.` })).toMatchObject({ text: "Yes.", removedHidden: ["reject"] });
  });

  test("what scripts and emoji need stays", () => {
    const text =
      "\u{1F468}\u200D\u{1F469}\u200D\u{1F467} می\u200Cخواهم \u{1F3F4}\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}";
    expect(stripThreadHistory({ text })).toMatchObject({ text, removedHidden: [] });
  });
});

describe("properties", () => {
  const random = randomOf(20_250_505);
  const soups = Array.from({ length: 300 }, () => mailSoup(random));

  test("it is total, and keeps only what is there", () => {
    for (const soup of soups) {
      const words = new Set(soup.split(/[\s>]+/));
      const parts = stripThreadHistory({ text: soup });
      for (const word of parts.text.split(/[\s>]+/).filter(Boolean)) expect(words).toContain(word);
      stripThreadHistory({ html: soup, original: soups[0] ?? "" });
    }
  });

  test("it drops no visible line silently", () => {
    for (const soup of soups) {
      const parts = stripThreadHistory({ text: soup });
      const all = new Set(
        `${parts.text}\n${parts.quoted}\n${parts.signature}\n${parts.disclaimer}`
          .split("\n")
          .map((line) => line.trim()),
      );
      for (const line of soup.split(/\r\n|\r|\n/).filter((line) => line.trim() !== ""))
        expect(all).toContain(line.trim());
    }
  });

  test("it is idempotent on what the clients send", () => {
    for (const name of cases) {
      const { golden: _, ...mail } = load(name);
      const once = stripThreadHistory(mail).text;
      expect(folded(stripThreadHistory({ text: once }).text), name).toBe(folded(once));
    }
  });

  test("random octets do no harm", () => {
    for (let i = 0; i < 200; i += 1) {
      const octets = String.fromCharCode(...Array.from({ length: 400 }, () => Math.floor(random() * 0x300)));
      expect(() => stripThreadHistory({ text: octets, html: octets, original: octets })).not.toThrow();
    }
  });
});

describe("time", () => {
  // The bench measures; this only tells linear from not, on a machine that does other things too.
  test.each(grid(200_000))("200 KB of %s", (_name, input) => {
    const start = process.cpuUsage();
    stripThreadHistory({ text: input, original: "Do you approve the purchase of forty office chairs?" });
    stripThreadHistory({ html: input });
    const { user } = process.cpuUsage(start);
    expect(user / 1000).toBeLessThan(1000);
  });

  test("half a million nested elements do not overflow the stack", () => {
    const html = "<div>".repeat(500_000) + "deep";
    expect(() => stripThreadHistory({ html })).not.toThrow();
  });
});

test("tags with the names of what every object has are tags like others", () => {
  for (const tag of ["constructor", "toString", "hasOwnProperty"])
    expect(stripThreadHistory({ html: `<p>Yes<${tag} ${tag}="x">, please</${tag}></p>` }).text).toBe("Yes, please");
});
