import { expect, test } from "vitest";
import { classify } from "../../src/mail/classify.ts";
import { mailOf, reportOf } from "./samples.ts";

const own = { isOwn: (id: string) => id === "<ours@a.example>", addresses: ["desk@a.example"] };
const kindOf = async (header: string, body = "Hi") => classify(await mailOf(`${header}\n${body}`), own);

const signs = {
  own: "Message-ID: <ours@a.example>\n",
  agent: "X-LangGraph-Email: reply\n",
  "auto-reply": "Auto-Submitted: auto-replied\n",
  bulk: "List-Id: <list.c.example>\n",
};

test("what comes first in the order wins over all that is behind", async () => {
  const delivery = {
    "message/delivery-status": "Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; ann@b.example\nAction: failed",
  };
  const feedback = { "message/feedback-report": "Feedback-Type: abuse" };
  const receipt = { "message/disposition-notification": "Disposition: x; displayed" };
  const from = "From: ann@b.example\nSubject: x\n";
  const all = `${from}${Object.values(signs).join("")}`;
  const kinds = [
    classify(await reportOf({ ...receipt, ...feedback, ...delivery }, all), own).kind,
    classify(await reportOf({ ...receipt, ...feedback }, all), own).kind,
    classify(await reportOf(receipt, all), own).kind,
    classify(await reportOf(receipt, `${from}${signs.agent}${signs["auto-reply"]}${signs.bulk}`), own).kind,
    (await kindOf(`${from}${signs.agent}${signs["auto-reply"]}${signs.bulk}`)).kind,
    (await kindOf(`${from}${signs["auto-reply"]}${signs.bulk}`)).kind,
    (await kindOf(`${from}${signs.bulk}`)).kind,
    (await kindOf(from)).kind,
  ];
  expect(kinds).toEqual([
    "delivery-status",
    "feedback-report",
    "own",
    "disposition-notification",
    "agent",
    "auto-reply",
    "bulk",
    "person",
  ]);
});

test.each([
  ["our id", "Message-ID: <ours@a.example>", "own"],
  ["our address", "From: Desk <DESK@a.example>", "own"],
  ["our address with a token", "From: desk+t7@a.example", "own"],
  ["another address at our host", "From: sales@a.example", "person"],
  ["our name alone", 'From: "desk@a.example" <mallory@evil.example>', "person"],
])("a mail with %s", async (_, field, kind) => {
  expect((await kindOf(`${field}\n`)).kind).toBe(kind);
});

test.each([
  ["X-LangGraph-Email: task", "task"],
  ["X-LangGraph-Email: Reply; v=1", "reply"],
  ["X-LangGraph-Email:", ""],
])("%s is an agent in the role %j", async (field, role) => {
  expect(await kindOf(`From: a@b.example\n${field}\n`)).toEqual({ kind: "agent", role });
});

test.each([
  ["Auto-Submitted: auto-replied", "auto-submitted: auto-replied"],
  ["Auto-Submitted: auto-generated", "auto-submitted: auto-generated"],
  ["Auto-Submitted: auto-notified; owner=x", "auto-submitted: auto-notified"],
  ["X-Autoreply: yes", "x-autoreply"],
  ["X-Autorespond: Prices", "x-autorespond"],
  ["X-Autoresponder: a program", "x-autoresponder"],
  ["X-Apple-Action: VACATION", "x-apple-action"],
  ["Precedence: auto_reply", "precedence"],
  ["X-Precedence: auto-reply", "x-precedence"],
  ["Subject: Report Domain: a.example Submitter: b.example Report-ID: <7>", "subject"],
  ["Content-Type: multipart/report; report-type=tlsrpt; boundary=b", "multipart/report"],
  ["Subject: Automatic reply: Prices", "subject"],
  ["Subject: Out of Office", "subject"],
  ["Subject: Out of Office: Prices", "subject"],
  ["Subject: OOO: back on Monday", "subject"],
  ["Subject: Automatische Antwort: Preise", "subject"],
  ["Subject: 自动回复: Prices", "subject"],
  ["Subject: 自動回覆: Prices", "subject"],
  ["Subject: Otomatik yanıt: Prices", "subject"],
  ["Subject: Automatikus válasz: Prices", "subject"],
  ["Subject: Abwesenheitsnotiz", "subject"],
  ["Subject: Réponse automatique : Prix".replace(" :", ":"), "subject"],
  ["Subject: Respuesta automática: Precios", "subject"],
  ["Subject: =?utf-8?B?6Ieq5Yqo562U5aSNOiBQcmljZXM=?=", "subject"],
])("%s: an automatic reply, by its %s", async (field, sign) => {
  expect(await kindOf(`From: a@b.example\n${field}\n`)).toEqual({ kind: "auto-reply", sign });
});

test.each([
  "X-Auto-Response-Suppress: All",
  "Auto-Submitted: no",
  "X-Autoreply: no",
  "Return-Path: <>",
  "Subject: Re: Out of office: who takes over?",
  "Subject: Automatic replies are broken",
  "Subject: Vacation plans",
  "Precedence: first-class",
])("%s alone: a person", async (field) => {
  expect((await kindOf(`From: a@b.example\n${field}\n`)).kind).toBe("person");
});

test.each([
  ["List-Id: <list.c.example>", "list-id"],
  ["List-Unsubscribe: <mailto:x@c.example>", "list-unsubscribe"],
  ["Precedence: bulk", "precedence"],
  ["Precedence: LIST", "precedence"],
  ["Precedence: junk", "precedence"],
])("%s: in bulk, by its %s", async (field, sign) => {
  expect(await kindOf(`From: a@b.example\n${field}\n`)).toEqual({ kind: "bulk", sign });
});

test("an automatic reply says when its author is back", async () => {
  const header = "From: a@b.example\nDate: Mon, 2 Mar 2026 10:00:00 +0000\nAuto-Submitted: auto-replied\n";
  expect(await kindOf(header, "I am back on 16 March.")).toMatchObject({ returnsAt: "2026-03-16" });
  expect(await kindOf(header, "I am back soon.")).not.toHaveProperty("returnsAt");
});

test("a receipt says what was done with the mail", async () => {
  const mail = await reportOf({
    "message/disposition-notification":
      "Original-Message-ID: <t7@a.example>\nDisposition: automatic-action/MDN-sent-automatically; Deleted/error",
  });
  expect(classify(mail, own)).toEqual({
    kind: "disposition-notification",
    disposition: "deleted",
    originalMessageIds: ["<t7@a.example>"],
  });
});
