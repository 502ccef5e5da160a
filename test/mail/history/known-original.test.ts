import { describe, expect, test } from "vitest";
import { stripThreadHistory, type StripInput } from "../../../src/mail/strip-thread-history.ts";

const LINK = "https://intra.acme.example/offers/4711";
const ORIGINAL = `Hello Jane,

the supplier has sent us the following three offers for the new chairs:

- Acme Comfort, 240 EUR each, delivery within two weeks
- Bolt Classic, 180 EUR each, delivery within six weeks
- Cord Basic, 95 EUR each, in stock

Which of them shall we order? Please see ${LINK} for the details.

When do you need them? Note that the offers are valid until the end of May.

Please answer with:

  choice: (acme or bolt or cord)
  date: (a date)

Thank you,
Desk

Ref: ab12cd34`;
const ANSWERS = ["Please take the Bolt Classic ones.", "By mid June, please."];

const folded = (text: string): string => text.replace(/\s+/g, " ").trim();
const textOf = (mail: StripInput): string => folded(stripThreadHistory({ ...mail, original: ORIGINAL }).text);

function wrapped(text: string, width: number): string {
  const lines = text.split("\n").flatMap((line) => {
    const out = [""];
    for (const word of line.split(" ")) {
      const last = out.at(-1) ?? "";
      if (last !== "" && last.length + word.length >= width) out.push(word);
      else out[out.length - 1] = last === "" ? word : `${last} ${word}`;
    }
    return out;
  });
  return lines.join("\n");
}

const marked = (text: string): string => text.replace(/^/gm, "> ").replace(/ +$/gm, "");
const html = (text: string): string =>
  text
    .split("\n\n")
    .map((paragraph) => `<p>${paragraph.replaceAll("<", "&lt;").replaceAll("\n", "<br>")}</p>`)
    .join("");

const attributions: Record<string, string> = {
  English: "On Mon, May 5, 2025 at 10:12 AM Desk <desk@acme.example> wrote:",
  "a language without data": "Ar 5 Mai 2025 am 10:12, ysgrifennodd Desk <desk@acme.example>:",
  "headers without data": "Ó: Desk <desk@acme.example>\nDáta: 5 Bealtaine 2025\nChuig: Jane\nÁbhar: offers",
  none: "",
};

const mangled: Record<string, (text: string) => string> = {
  "as it is": (text) => text,
  "wrapped at 60": (text) => wrapped(text, 60),
  "wrapped at 40": (text) => wrapped(text, 40),
  marked: marked,
  "marked and wrapped": (text) => marked(wrapped(text, 66)),
  "marked, then broken": (text) => marked(wrapped(text, 74)).replace(/^(.{60,}) (\S+)$/gm, "$1\n$2"),
  "with rewritten links": (text) =>
    text.replace(LINK, `${LINK}<https://eur01.safelinks.protection.outlook.com/?url=abc>`),
  "on one line": (text) => text.replace(/\n+/g, " "),
  "without empty lines": (text) => text.replaceAll("\n\n", "\n"),
  "under a banner": (text) => `[EXTERNAL] This email originated from outside. Do not click links.\n\n${text}`,
};

describe.each(Object.entries(attributions))("introduced by %s", (_name, attribution) => {
  test.each(Object.entries(mangled))("history %s, the answer above", (_how, mangle) => {
    expect(textOf({ text: `${ANSWERS.join("\n\n")}\n\n${attribution}\n${mangle(ORIGINAL)}` })).toBe(ANSWERS.join(" "));
  });

  test.each(Object.entries(mangled).filter(([how]) => how !== "under a banner"))(
    "history %s, the answer below",
    (_how, mangle) => {
      expect(textOf({ text: `${attribution}\n${mangle(ORIGINAL)}\n\n${ANSWERS.join("\n\n")}` })).toBe(
        ANSWERS.join(" "),
      );
    },
  );

  test("HTML without any marks", () => {
    const above = ANSWERS.map((answer) => `<div>${answer}</div>`).join("");
    expect(textOf({ html: `${above}<div>${html(attribution)}</div><div>${html(ORIGINAL)}</div>` })).toBe(
      ANSWERS.join(" "),
    );
  });
});

describe("answers between the lines", () => {
  const cut = [ORIGINAL.indexOf("When do"), ORIGINAL.indexOf("Please answer")];
  const [first, second, third] = [ORIGINAL.slice(0, cut[0]), ORIGINAL.slice(cut[0], cut[1]), ORIGINAL.slice(cut[1])];

  test.each<[string, (text: string) => string]>([
    ["without marks", (text) => text],
    ["with marks", marked],
    ["wrapped", (text) => wrapped(text, 50)],
  ])("%s", (_name, mangle) => {
    const text = `${mangle(first)}\n${ANSWERS[0]}\n\n${mangle(second)}\n${ANSWERS[1]}\n\n${mangle(third)}`;
    const parts = stripThreadHistory({ text, original: ORIGINAL });
    expect(folded(parts.text)).toBe(ANSWERS.join(" "));
    expect(parts.inline.map(({ answer }) => answer)).toEqual(ANSWERS);
    expect(parts.inline[1]?.quote).toContain("When do you need them?");
  });

  test("in colour only", () => {
    const red = (answer = ""): string => `<p style="color:red">${answer}</p>`;
    expect(textOf({ html: html(first) + red(ANSWERS[0]) + html(second) + red(ANSWERS[1]) + html(third) })).toBe(
      ANSWERS.join(" "),
    );
  });

  test("in the form", () => {
    const filled = ORIGINAL.replace("(acme or bolt or cord)", "bolt").replace("(a date)", "15 June 2025");
    expect(textOf({ text: marked(filled) })).toBe("choice: bolt date: 15 June 2025");
    expect(textOf({ text: filled })).toBe("choice: bolt date: 15 June 2025");
  });

  test("on the line of the question: the line stays whole", () => {
    expect(textOf({ text: marked(ORIGINAL).replace("we order?", "we order? -> BOLT") })).toContain("BOLT");
  });
});

describe("what is never history", () => {
  test.each([
    ["a short answer", "Yes"],
    ["a sign-off that the known text has too", "Bolt.\n\nThank you,\nJane"],
    ["an echo", "The following three offers are too dear for us, I am afraid."],
  ])("%s", (_name, answer) => {
    expect(textOf({ text: `${answer}\n\n${attributions["English"]}\n\n${marked(ORIGINAL)}` })).toBe(folded(answer));
    expect(textOf({ text: `${answer}\n\n${ORIGINAL}` })).toBe(folded(answer));
  });

  test("a mail that holds nothing of the known text is read by its lines", () => {
    expect(stripThreadHistory({ text: "Bolt.\n\n-- \nJane", original: ORIGINAL })).toMatchObject({
      text: "Bolt.",
      method: "none",
    });
  });

  test("older history below goes too", () => {
    const older =
      "From: Jane <jane@example.com>\nSent: Monday, May 5, 2025\nTo: Desk\nSubject: chairs\n\nWe need chairs.";
    expect(textOf({ text: `Bolt.\n\n${attributions["English"]}\n\n${ORIGINAL}\n\n${older}` })).toBe("Bolt.");
  });
});

describe("a known form", () => {
  const form =
    "Please tell us whether the purchase is approved.\n\nPlease answer with:\n\n  approved: (yes or no)\n  comment: (text, optional)\n\nKind regards\nDesk";
  const joined = form.replace(/\s+/g, " ");

  test.each([
    ["joined to one line", joined],
    ["its lines joined", form.replace(/\n {2}comment/, " comment").replace("\n\nKind", " Kind")],
    ["behind bars", form.replace(/^/gm, "| ")],
    ["cut off within a word", form.slice(0, 44)],
  ])("comes back %s and is history", (_how, quoted) => {
    expect(stripThreadHistory({ text: `Yes.\n\n${quoted}`, original: form }).text).toBe("Yes.");
  });

  test("is an answer where it was filled in", () => {
    const filled = form.replace("(yes or no)", "yes").replace("(text, optional)", "only the blue ones");
    expect(stripThreadHistory({ text: filled.replace(/^/gm, "> "), original: form }).text).toBe(
      "approved: yes\ncomment: only the blue ones",
    );
  });

  test("the same names above it, in lines that were there, are no answers", () => {
    const original = `Their offer says:\n\napproved: yes\ncomment = as agreed\n\n${form}`;
    const quoted = original.replace(/^/gm, "> ");
    expect(stripThreadHistory({ text: `No.\n\n${quoted}`, original }).text).toBe("No.");
    const filled = quoted.replace("(yes or no)", "no");
    expect(stripThreadHistory({ text: filled, original }).text).toBe("approved: no");
  });

  test("a word typed behind its last line is an answer", () => {
    const text = form.replace(/^/gm, "> ").replace("approved.", "approved. No");
    expect(folded(stripThreadHistory({ text, original: form }).text)).toContain("No");
  });
});
