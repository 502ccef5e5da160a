import { describe, expect, it, test } from "vitest";
import type { AuditEvent } from "../../src/ledger/events.ts";
import { removeHiddenCharacters } from "../../src/mail/history/hidden-characters.ts";
import { stripThreadHistory } from "../../src/mail/strip-thread-history.ts";
import { parseStructuredReply } from "../../src/mail/structured-reply.ts";
import { extractVerification } from "../../src/mail/verification.ts";
import { damaged, hostileText } from "./hostile-text.ts";
import { RENDERERS, TEXT_PARSERS } from "./parsers.ts";
import { eachRun, timeout } from "./runs.ts";
import { replyTexts } from "./seeds.ts";

describe("a hostile text throws nowhere", () => {
  it.each(Object.entries(TEXT_PARSERS))(
    "%s",
    async (_name, parse) => {
      await eachRun(300, async (random) => {
        await parse(random.chance(0.6) ? hostileText(random) : damaged(random, random.pick(replyTexts), replyTexts));
      });
    },
    timeout,
  );
});

test(
  "damaged replies: nothing throws, nothing is made up, nothing takes long",
  async () => {
    await eachRun(200, async (random) => {
      const damage = () => damaged(random, random.pick(replyTexts), replyTexts);
      const [text, other] = [damage(), damage()];
      const all = JSON.stringify(text);
      const parts = stripThreadHistory({ text, original: other });
      const visible = removeHiddenCharacters(text).text;
      for (const word of stripThreadHistory({ text }).text.match(/[\p{L}\p{N}]+/gu) ?? [])
        expect(visible.includes(word), `"${word}" of ${all}`).toBe(true);
      stripThreadHistory({ html: text, text: other });
      const schema = {
        type: "object",
        properties: { approved: { type: "boolean" }, quantity: { type: "integer" }, items: { type: "array" } },
        required: ["approved"],
      };
      const attachments = [{ filename: "a.json", contentType: "application/json", content: other }];
      const read = await parseStructuredReply({ parts, attachments }, schema);
      if (read.kind === "parsed") expect(typeof (read.data as { approved: unknown }).approved, all).toBe("boolean");
      const { code } = extractVerification({ subject: text.slice(0, 80), text, html: other });
      if (code !== undefined) expect(code, all).toMatch(/^[\p{L}\p{N}-]{4,11}$/u);
    });
  },
  timeout,
);

test(
  "what strangers wrote stays text, wherever it is shown or exported",
  async () => {
    await eachRun(300, (random) => {
      const text = hostileText(random);
      const event: AuditEvent = {
        seq: 1,
        at: 0,
        kind: "received",
        threadId: text,
        from: text,
        to: [text, hostileText(random)],
        subject: text,
        messageId: text,
        data: { disposition: text, reason: text, __proto__: text },
      };
      const [csv, mbox, plain, html, mermaid, lines] = Object.values(RENDERERS).map((render) => render(event)) as [
        string,
        ...string[],
      ];
      // RFC 4180: one record, every field quoted, every quote in one doubled.
      expect(csv).toMatch(/^(?:"(?:[^"]|"")*",)*"(?:[^"]|"")*"\r\n$/);
      for (const [, cell = ""] of csv.matchAll(/"((?:[^"]|"")*)"/g)) expect(cell).not.toMatch(/^\s*[=+@]|^\s*-(?!\d)/);
      expect(mbox?.split("\n").filter((line) => line.startsWith("From "))).toHaveLength(1);
      expect(plain).not.toMatch(/\p{Cc}/u);
      // The tags of the page itself, and no others.
      expect(html?.match(/<\/?[a-z!][^>]*>/gi)?.filter((tag) => !PAGE.test(tag))).toEqual([]);
      expect(mermaid?.split("\n").filter((line) => line !== "")).toHaveLength(4);
      expect(mermaid?.replace(/-+>>/g, "")).not.toMatch(/[<>"'`\\;%{}[\]](?<!#\d+;)/);
      expect(lines?.split("\n")).toHaveLength(3);
      // oxlint-disable-next-line no-control-regex
      expect(lines).not.toMatch(/[\0-\t\v-\x1f\x7f-\x9f]/);
    });
  },
  timeout,
);

const PAGE =
  /^<(?:!doctype html|html lang="en"|meta [^>]*|\/?(?:head|title|style|body|h1|table|thead|tbody|th|td|div|html)|tr|\/tr|tr class="\w*"|div class="details")>$/;
