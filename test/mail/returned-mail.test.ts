import { expect, test } from "vitest";
import { readReturnedMail } from "../../src/mail/returned-mail.ts";
import { mailOf, reportOf } from "./samples.ts";

const returned = "Received: from x\nMessage-ID: <t7@a.example>\nSubject: Prices";

test("a returned part, before what the text says", async () => {
  const mail = await reportOf({ "text/plain": "Message-ID: <other@a.example>", "text/rfc822-headers": returned });
  expect(readReturnedMail(mail).messageIds).toEqual(["<t7@a.example>"]);
});

test.each([
  ["as it is", returned],
  ["quoted", returned.replaceAll(/^/gm, "> ")],
  ["indented", returned.replaceAll(/^/gm, "    ")],
])("a header section in the text, %s", async (_, section) => {
  const mail = await mailOf(`From: x@b.example\n\nSorry.\n\n${section}\n\nPlease send.`);
  const { headers, messageIds } = readReturnedMail(mail);
  expect(headers.map((header) => header.name)).toEqual(["received", "message-id", "subject"]);
  expect(messageIds).toEqual(["<t7@a.example>"]);
});

test("a few lines with colons are no header section", async () => {
  const mail = await mailOf("From: x@b.example\n\nFrom: Ann\nTo: Bob\nSubject: Prices\n\nDate: today\n");
  expect(readReturnedMail(mail)).toEqual({ messageIds: [], headers: [] });
});

test("the report's own id is not the returned mail's", async () => {
  const mail = await mailOf(
    "From: x@b.example\nMessage-ID: <dsn@b.example>\nReferences: <dsn@b.example> <t7@a.example>\n\nHi",
  );
  expect(readReturnedMail(mail).messageIds).toEqual(["<t7@a.example>"]);
});
