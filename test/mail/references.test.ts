import { expect, test } from "vitest";
import { replyReferences, replySubject } from "../../src/mail/references.ts";

const ids = (count: number) => Array.from({ length: count }, (_, index) => `<${index}@a.example>`);

test.each([
  [
    { messageId: "<m@b>", references: [], inReplyTo: [] },
    { inReplyTo: "<m@b>", references: ["<m@b>"] },
  ],
  [
    { messageId: "<m@b>", references: ["<s@a>", "<t@a>"], inReplyTo: ["<t@a>"] },
    { inReplyTo: "<m@b>", references: ["<s@a>", "<t@a>", "<m@b>"] },
  ],
  [
    { messageId: "<m@b>", references: [], inReplyTo: ["<t@a>"] },
    { inReplyTo: "<m@b>", references: ["<t@a>", "<m@b>"] },
  ],
  [
    { messageId: "<m@b>", references: [], inReplyTo: ["<t@a>", "<u@a>"] },
    { inReplyTo: "<m@b>", references: ["<m@b>"] },
  ],
  [
    { messageId: "<m@b>", references: ["<m@b>", "<t@a>"], inReplyTo: [] },
    { inReplyTo: "<m@b>", references: ["<t@a>", "<m@b>"] },
  ],
  [{ references: ["<s@a>"], inReplyTo: [] }, { references: ["<s@a>"] }],
  [{ references: [], inReplyTo: [] }, { references: [] }],
  // Ids that no mail of ours could hold.
  [{ messageId: "<ü@b>", references: ["<s@a>", `<${"x".repeat(996)}>`], inReplyTo: [] }, { references: ["<s@a>"] }],
])("an answer to %j has %j", (message, expected) => {
  expect(replyReferences(message)).toEqual(expected);
});

test("a long chain keeps its first id and the last ones", () => {
  const { references } = replyReferences({ messageId: "<m@b>", references: ids(500), inReplyTo: [] });
  expect(references).toHaveLength(20);
  expect(references[0]).toBe("<0@a.example>");
  expect(references.slice(-2)).toEqual(["<499@a.example>", "<m@b>"]);
});

test.each([
  ["Prices", "Re: Prices"],
  ["Re: Prices", "Re: Prices"],
  ["RE: re[2]: Prices", "Re: Prices"],
  ["AW: Prices", "Re: Prices"],
  ["SV: Antw: Prices", "Re: Prices"],
  ["回复：Prices", "Re: Prices"],
  ["Fwd: Prices", "Re: Fwd: Prices"],
  ["Research: Prices", "Re: Research: Prices"],
  ["", "Re:"],
  ["Re:", "Re:"],
])("the answer to the subject %j has %j", (subject, expected) => {
  expect(replySubject(subject)).toBe(expected);
});
