import { expect, test } from "vitest";
import { readDeliveryStatus } from "../../src/mail/delivery-status.ts";
import { mailOf, reportOf } from "./samples.ts";

const perMessage = "Reporting-MTA: dns; mx.example";
const read = async (status: string, text = "Sorry.") =>
  readDeliveryStatus(await reportOf({ "text/plain": text, "message/delivery-status": status }));
const recipient = async (fields: string, text?: string) =>
  (await read(`${perMessage}\n\n${fields}`, text))?.recipients[0];

test("every field of a recipient", async () => {
  const report = await read(
    `${perMessage}\nOriginal-Envelope-Id: env-7\n\nOriginal-Recipient: rfc822; ann@b.example\nFinal-Recipient: rfc822; ann.weber@c.example\nAction: failed\nStatus: 5.1.1 (bad mailbox)\nRemote-MTA: dns; mx.c.example\nDiagnostic-Code: smtp; 550 5.1.1 no such\n  user here\n`,
  );
  expect(report).toEqual({
    recipients: [
      {
        finalRecipient: "ann.weber@c.example",
        originalRecipient: "ann@b.example",
        action: "failed",
        status: "5.1.1",
        diagnosticCode: "550 5.1.1 no such user here",
        remoteMta: "mx.c.example",
        permanent: true,
      },
    ],
    original: { messageIds: [], headers: [] },
    reportingMta: "mx.example",
    originalEnvelopeId: "env-7",
    standard: true,
  });
});

test.each([
  ["Final-Recipient: rfc822; ann@b.example", "ann@b.example"],
  ["Final-Recipient: RFC822;<ann@b.example>", "ann@b.example"],
  ["Final-Recipient: ann@b.example", "ann@b.example"],
  ["Final-Recipient: rfc822; ann@b.example (Ann)", "ann@b.example"],
  ["Final-Recipient: utf-8; jürgen@b.example", "jürgen@b.example"],
  ["Final-Recipient: utf-8; j\\x{FC}rgen@b.example", "jürgen@b.example"],
  ["final-recipient : rfc822 ; ann@b.example", "ann@b.example"],
  ["Original-Recipient: rfc822; ann@b.example", "ann@b.example"],
])("%s is %s", async (field, address) => {
  expect((await recipient(`${field}\nAction: failed`))?.finalRecipient).toBe(address);
});

test.each([
  ["Action: failed", "failed"],
  ["Action: FAILED (for good)", "failed"],
  ["Action: failure", "failed"],
  ["Action: delayed", "delayed"],
  ["Action: delivered", "delivered"],
  ["Action: relayed (to a server without DSN)", "relayed"],
  ["Action: expanded", "expanded"],
  ["Status: 2.0.0", "delivered"],
  ["Status: 4.4.1", "delayed"],
  ["Status: 5.1.1", "failed"],
  ["Action: confused\nStatus: 4.0.0", "delayed"],
  ["X-Nothing: at all", "failed"],
])("%j is the action %s", async (fields, action) => {
  expect((await recipient(`Final-Recipient: rfc822; ann@b.example\n${fields}`))?.action).toBe(action);
});

test.each([
  ["Status: 5.1.1", "5.1.1"],
  ["Status: 5.7.26 (unauthenticated)", "5.7.26"],
  ["Status: smtp; 550-5.1.1", "5.1.1"],
  ["Status: 550", undefined],
  ["Status: 5.1.1.1", undefined],
  ["Status: 9.1.1", undefined],
])("%s is the status %s", async (field, status) => {
  expect((await recipient(`Final-Recipient: rfc822; ann@b.example\n${field}`))?.status).toBe(status);
});

test("groups without an empty line, with many, and with white space on them", async () => {
  const one = await read("Reporting-MTA: dns; mx.example\nFinal-Recipient: rfc822; ann@b.example\nAction: failed");
  expect(one).toMatchObject({ reportingMta: "mx.example", recipients: [{ finalRecipient: "ann@b.example" }] });
  const noneEmpty = await read(
    `${perMessage}\nStatus: 5.1.1\nFinal-Recipient: rfc822; ann@b.example\nAction: failed\nStatus: 4.4.1\nFinal-Recipient: rfc822; bob@b.example\nAction: delayed`,
  );
  expect(noneEmpty).toMatchObject({
    reportingMta: "mx.example",
    recipients: [
      { finalRecipient: "ann@b.example", status: "5.1.1" },
      { finalRecipient: "bob@b.example", action: "delayed", status: "4.4.1" },
    ],
  });
  const many = await read(
    `\n\n${perMessage}\n \n\n\nFinal-Recipient: rfc822; ann@b.example\n\t\nFinal-Recipient: rfc822; bob@b.example\n\n`,
  );
  expect(many?.recipients.map((each) => each.finalRecipient)).toEqual(["ann@b.example", "bob@b.example"]);
});

test("where the part names nobody, the text is asked, and the report no longer counts as standard", async () => {
  expect(await read(perMessage, "could not be delivered:\n\n<ann@b.example>:\n550 user unknown")).toMatchObject({
    standard: false,
    recipients: [{ finalRecipient: "ann@b.example", permanent: true }],
  });
});

test("the words for people say whether it is for good, where the part gives no reason", async () => {
  const fields = "Final-Recipient: rfc822; ann@b.example\nAction: failed\nStatus: 5.0.0";
  expect((await recipient(fields, "ann@b.example\n  mailbox is full"))?.permanent).toBe(false);
  expect((await recipient(fields, "ann@b.example\n  no such user"))?.permanent).toBe(true);
  expect((await recipient(fields, "Sorry."))?.permanent).toBe(false);
});

test("at most 500 recipients", async () => {
  const blocks = Array.from(
    { length: 600 },
    (_, index) => `Final-Recipient: rfc822; r${index}@b.example\nAction: failed`,
  );
  expect((await read([perMessage, ...blocks].join("\n\n")))?.recipients).toHaveLength(500);
});

test("the returned mail is found, whole, as headers, or named in the header of the report", async () => {
  const status = `${perMessage}\n\nFinal-Recipient: rfc822; ann@b.example\nAction: failed`;
  for (const type of ["message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers"]) {
    const report = readDeliveryStatus(
      await reportOf({ "message/delivery-status": status, [type]: "Message-ID: <t7@a.example>\nX-A: 1" }),
    );
    expect(report?.original).toMatchObject({
      messageIds: ["<t7@a.example>"],
      headers: [{ name: "message-id" }, { name: "x-a" }],
    });
  }
  const named = await reportOf(
    { "message/delivery-status": status },
    "From: postmaster@b.example\nMessage-ID: <dsn@b.example>\nIn-Reply-To: <t7@a.example>\nReferences: <s7@a.example>\n",
  );
  expect(readDeliveryStatus(named)?.original.messageIds).toEqual(["<t7@a.example>", "<s7@a.example>"]);
});

test("a delivery status outside a multipart/report is read too", async () => {
  const mail = await mailOf(
    `From: x@b.example\nContent-Type: message/delivery-status\n\n${perMessage}\n\nFinal-Recipient: rfc822; ann@b.example\nAction: failed\n`,
  );
  expect(readDeliveryStatus(mail)?.recipients).toHaveLength(1);
});

test("a person who attaches the status of a bounce writes no report; a mail system without a multipart/report does", async () => {
  const mixed = (header: string) =>
    mailOf(
      `${header}\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nThe price is 12.\n--b\nContent-Type: message/delivery-status\n\n${perMessage}\n\nFinal-Recipient: rfc822; ann@b.example\nAction: failed\n--b--\n`,
    );
  for (const header of ["Subject: Re: Prices", "Return-Path: <bob@b.example>\nSubject: Undeliverable"]) {
    expect(readDeliveryStatus(await mixed(`From: bob@b.example\n${header}`))).toBeUndefined();
  }
  for (const header of ["From: postmaster@b.example", "Return-Path: <>\nFrom: x@b.example", "Subject: Undeliverable"]) {
    expect(readDeliveryStatus(await mixed(header))?.recipients).toHaveLength(1);
  }
});

test("where the fields name nobody by a mail address, the returned mail says who and they say what happened", async () => {
  const mail = await reportOf({
    "message/delivery-status": `${perMessage}\n\nFinal-Recipient: x400; /G=Ann/S=Weber/C=de/\nAction: failed\nStatus: 5.1.1`,
    "text/rfc822-headers": "Message-ID: <t7@a.example>\nTo: ann@b.example",
  });
  expect(readDeliveryStatus(mail)?.recipients).toEqual([
    { finalRecipient: "ann@b.example", action: "failed", status: "5.1.1", permanent: true },
  ]);
});

test("an ordinary mail is none", async () => {
  expect(readDeliveryStatus(await mailOf("From: ann@b.example\nSubject: Delivery\n\nHi"))).toBeUndefined();
});
