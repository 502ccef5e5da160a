import { expect, test } from "vitest";
import {
  bodyReference,
  findBodyReferences,
  gatherSignals,
  referenceLine,
  signalAlias,
  taskAliases,
  tokenAlias,
} from "../../src/mail/correlate.ts";
import { createToken, taskRef } from "../../src/mail/reply-token.ts";
import { mailOf, reportOf } from "./samples.ts";

const taskId = "abcdefghijklmnopqrstuvwxyz234567";
const token = createToken(Buffer.alloc(32, 7), { ledgerId: "ledger-1", taskId, purpose: "reply" });
const head = "From: ann@b.example\nSubject: Re: Prices\n";

test.each([
  "To",
  "Cc",
  "Delivered-To",
  "X-Delivered-To",
  "Envelope-To",
  "X-Envelope-To",
  "X-Original-To",
  "X-Forwarded-To",
  "X-Gm-Original-To",
  "Resent-To",
  "Resent-Cc",
  "Apparently-To",
  "References",
  "In-Reply-To",
])("a token in %s is found", async (name) => {
  const mail = await mailOf(`${head}${name}: <desk+${token.toUpperCase()}@a.example>\n\nHi`);
  expect(gatherSignals(mail)[0]).toEqual({ kind: "token", token, where: name.toLowerCase() });
});

test.each([
  ["a subaddress", `desk+${token}@a.example`],
  ["a catch-all address", `${token}@a.example`],
  ["a name with it", `"x" <desk+${token}@a.example>`],
])("a token in %s is found", async (_, address) => {
  expect(gatherSignals(await mailOf(`${head}To: ${address}\n\nHi`))).toMatchObject([{ token }]);
});

test.each([
  [
    "our own server's line",
    `Received: from x by mx.a.example for <desk+${token}@a.example>; Mon, 2 Mar 2026 10:00:00 +0000\n`,
    1,
  ],
  [
    "the line below our delivery to the mailbox",
    `Received: from mx.a.example by mx.a.example with LMTP; x\nReceived: from x by mx.a.example for <desk+${token}@a.example>; x\n`,
    1,
  ],
  [
    "another server's line",
    `${"Received: from y by mx.a.example; x\n".repeat(3)}Received: from x by y for <desk+${token}@a.example>; x\n`,
    0,
  ],
  ["the sender's Bcc", `Bcc: desk+${token}@a.example\n`, 0],
  ["the sender's own From", `Reply-To: desk+${token}@a.example\n`, 0],
])("a token in %s", async (_, field, count) => {
  expect(gatherSignals(await mailOf(`${field}${head}\nHi`))).toHaveLength(count);
});

test("the order is that of trust, and each signal comes once", async () => {
  const other = createToken(Buffer.alloc(32, 7), { ledgerId: "ledger-1", taskId, purpose: "bounce" });
  const mail = await mailOf(
    `${head}To: desk+${token}@a.example\nCc: desk+${token}@a.example\nIn-Reply-To: <t7@a.example>\nReferences: <${other}@a.example> <T7@A.example> <x@y>\nX-Microsoft-Original-Message-ID: <z@a.example>\n\nHi\n> ${referenceLine(taskId)}\n> ${referenceLine(taskId)}\n`,
  );
  expect(gatherSignals(mail).map((signal) => `${signal.kind} ${signal.where}`)).toEqual([
    "token to",
    "token references",
    "message-id in-reply-to",
    "message-id references",
    "message-id references",
    "message-id x-microsoft-original-message-id",
    "body-reference body",
  ]);
});

test("a reference in the subject, and in HTML alone", async () => {
  expect(
    gatherSignals(await mailOf(`From: a@b.example\nSubject: Re: Prices [${referenceLine(taskId)}]\n\nHi`)),
  ).toEqual([{ kind: "body-reference", ref: bodyReference(taskId), where: "subject" }]);
  const html = `${head}Content-Type: text/html\n\n<p>Hi</p><style>Ref: 0000-0000-0000</style><div>R&#101;f:&nbsp;<b>${bodyReference(taskId).replace("-", "-<wbr>")}</b></div>`;
  expect(gatherSignals(await mailOf(html))).toMatchObject([{ ref: bodyReference(taskId) }]);
});

test("a returned mail gives its token, its ids and its chain", async () => {
  const mail = await reportOf({
    "text/plain": "Sorry.",
    "message/delivery-status": "Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; ann@b.example\nAction: failed",
    "message/rfc822": `Return-Path: <desk+${token}@a.example>\nMessage-ID: <t7@a.example>\nReferences: <s7@a.example>\n\nPlease.\n\n${referenceLine(taskId)}`,
  });
  expect(gatherSignals(mail)).toEqual([
    { kind: "token", token, where: "original return-path" },
    { kind: "message-id", id: "<t7@a.example>", where: "original message-id" },
    { kind: "message-id", id: "<s7@a.example>", where: "original references" },
  ]);
});

test("a receipt gives the id that it names", async () => {
  const mail = await reportOf({
    "message/disposition-notification":
      "Original-Message-ID: <t7@a.example>\nDisposition: manual-action/MDN-sent-manually; displayed",
  });
  expect(gatherSignals(mail)).toMatchObject([{ id: "<t7@a.example>" }]);
});

test("there are never more signals than the limit", async () => {
  const ids = Array.from({ length: 500 }, (_, index) => `<${index}@a.example>`).join(" ");
  const mail = await mailOf(`${head}References: ${ids}\nTo: desk+${token}@a.example\n\nHi`);
  expect(gatherSignals(mail)).toHaveLength(100);
  expect(gatherSignals(mail, { limit: 3 })).toMatchObject([
    { kind: "token" },
    { kind: "message-id" },
    { kind: "message-id" },
  ]);
});

test("a reference is always the same, and another for another task", () => {
  expect(bodyReference(taskId)).toBe("vyxv-1bn3-ekvh");
  expect(new Set(Array.from({ length: 1000 }, (_, index) => bodyReference(`${taskId}${index}`))).size).toBe(1000);
});

const ref = "vyxv-1bn3-ekvh";
test.each([
  ["Ref: vyxv-1bn3-ekvh", [ref]],
  ["REF: VYXV-1BN3-EKVH", [ref]],
  ["Reference: vyxv-1bn3-ekvh.", [ref]],
  ["(Ref:vyxv-1bn3-ekvh)", [ref]],
  ["[Ref: vyxv-1bn3-ekvh]", [ref]],
  ["*Ref:* *vyxv-1bn3-ekvh*", [ref]],
  ["> > Ref: vyxv-1bn3-ekvh", [ref]],
  ["> Ref:\n> vyxv-1bn3-ekvh", [ref]],
  ["> Ref: vyxv-\n> 1bn3-ekvh", [ref]],
  ["Ref: vyxv–1bn3—ekvh", [ref]],
  ["Ref: vyxv 1bn3 ekvh", [ref]],
  ["Ref: vyxv1bn3ekvh", [ref]],
  ["Ref: vyxv-lbn3-ekvh", [ref]],
  ["Ref:\u00a0vyxv-\u200b1bn3-ekvh", [ref]],
  ["Ref: vyxv-1bn3-ekvh\nRef: vyxv-1bn3-ekvh\nRef: 0000-0000-0000", [ref, "0000-0000-0000"]],
  ["Ref: vyxv-1bn3", []],
  ["Ref: uuuu-uuuu-uuuu", []],
  ["href: vyxv-1bn3-ekvh", []],
  ["prefer vyxv-1bn3-ekvh", []],
  ["Ref vyxv-1bn3-ekvh", []],
  ["", []],
])("%j holds the references %j", (text, refs) => {
  expect(findBodyReferences(text)).toEqual(refs);
});

test("what is stored for a task is what its signals ask for", () => {
  const aliases = taskAliases({ taskId, messageId: "<T7@A.example>", syntheticId: "<s7@a.example>" });
  expect(aliases).toEqual(["task:abcdefghijklmnop", "<t7@a.example>", "<s7@a.example>", `ref:${ref}`]);
  expect(aliases).toContain(tokenAlias(taskRef(taskId)));
  expect(aliases).toContain(signalAlias({ kind: "message-id", id: "<t7@A.EXAMPLE>", where: "references" }));
  expect(aliases).toContain(signalAlias({ kind: "body-reference", ref, where: "body" }));
  expect(taskAliases({ taskId, messageId: "<t7@a.example>" })).toHaveLength(3);
});
