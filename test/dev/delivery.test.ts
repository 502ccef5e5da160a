import { expect, test } from "vitest";
import {
  completeMail,
  damageAddress,
  damageAddressFields,
  rewriteMessageId,
  withTrace,
} from "../../src/dev/delivery.ts";
import { noFaults } from "../../src/dev/faults.ts";

const now = Date.UTC(2026, 10, 17, 10, 12, 13);
const hostname = "mail.localhost";
const trace = {
  submission: {
    queueId: "ABC123",
    reversePath: "desk+b@a.example",
    user: "desk@a.example",
    client: { name: "[127.0.0.1]", address: "127.0.0.1", protocol: "ESMTPSA" },
  },
  recipient: "person@b.example",
  hostname,
  now,
};

test("a recipient's copy says where it came from, for whom, and what is known of the sender", () => {
  const raw = Buffer.from("From: desk@a.example\r\n\r\nbody");
  expect(withTrace(raw, trace).toString()).toBe(
    [
      "Return-Path: <desk+b@a.example>",
      "Delivered-To: person@b.example",
      "Authentication-Results: mail.localhost;",
      "\tspf=pass smtp.mailfrom=desk+b@a.example;",
      "\tdmarc=pass header.from=a.example",
      "Received: from [127.0.0.1] ([127.0.0.1] [127.0.0.1])",
      "\tby mail.localhost (langgraph-email dev) with ESMTPSA id ABC123",
      "\tfor <person@b.example>; Tue, 17 Nov 2026 10:12:13 +0000",
      "From: desk@a.example",
      "",
      "body",
    ].join("\r\n"),
  );
});

test.each([
  ["another domain in From", "desk@a.example", "victim@bank.example", "dmarc=fail header.from=bank.example"],
  ["a stranger", undefined, "victim@bank.example", "dmarc=none header.from=bank.example"],
])("%s: %s", (_, user, from, expected) => {
  const submission = { ...trace.submission, ...(user ? { user } : {}) };
  if (!user) delete (submission as { user?: string }).user;
  expect(withTrace(Buffer.from(`From: ${from}\r\n\r\n`), { ...trace, submission }).toString()).toContain(expected);
});

test("fields that only a receiver may write are taken out; those of other receivers stay", () => {
  const raw = Buffer.from(
    "Return-Path: <forged@x>\r\nAuthentication-Results: MAIL.localhost;\r\n dmarc=pass\r\nAuthentication-Results: other.example; dmarc=pass\r\n\r\n",
  );
  const copy = withTrace(raw, trace).toString();
  expect(copy).not.toContain("forged");
  expect(copy.match(/authentication-results: mail\.localhost/gi)).toHaveLength(1);
  expect(copy).toContain("Authentication-Results: other.example; dmarc=pass\r\n");
});

test("a client's name cannot break out of its field", () => {
  const client = { name: "x)\r\nInjected: 1 (", address: "127.0.0.1", protocol: "SMTP" };
  const copy = withTrace(Buffer.from("\r\n"), { ...trace, submission: { ...trace.submission, client } }).toString();
  expect(copy).not.toMatch(/^Injected/m);
});

test("Date and Message-ID are added where they are missing, and left where they are", () => {
  const options = { now, queueId: "ABC", hostname };
  expect(completeMail(Buffer.from("Subject: x\r\n\r\n"), options).toString()).toBe(
    "Date: Tue, 17 Nov 2026 10:12:13 +0000\r\nMessage-ID: <ABC@mail.localhost>\r\nSubject: x\r\n\r\n",
  );
  const whole = Buffer.from("date: x\r\nMESSAGE-ID: <y>\r\n\r\n");
  expect(completeMail(whole, options)).toBe(whole);
});

test("a new Message-ID keeps the old one beside it", () => {
  expect(rewriteMessageId(Buffer.from("Message-ID:\r\n <old@x>\r\n\r\n"), "<new@y>").toString()).toBe(
    "Message-ID: <new@y>\r\nX-Microsoft-Original-Message-ID: <old@x>\r\n\r\n",
  );
});

test("addresses are damaged as asked, and only in the fields that hold them", () => {
  const faults = { ...noFaults(), stripSubaddress: true };
  expect(damageAddress("Desk+Tok@A.example", faults)).toBe("Desk@a.example");
  expect(damageAddress("Desk+Tok@a.example", noFaults())).toBe("Desk+Tok@a.example");
  expect(damageAddress("no address", faults)).toBe("no address");
  const raw = Buffer.from('To: "A+b@c" <Desk+Tok@a.example>\r\nSubject: Desk+Tok@a.example\r\n\r\nDesk+Tok@a.example');
  expect(damageAddressFields(raw, faults).toString()).toBe(
    'To: "A+b@c" <Desk@a.example>\r\nSubject: Desk+Tok@a.example\r\n\r\nDesk+Tok@a.example',
  );
  expect(damageAddressFields(raw, noFaults())).toBe(raw);
});
