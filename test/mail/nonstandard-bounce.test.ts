import { expect, test } from "vitest";
import { readDeliveryStatus } from "../../src/mail/delivery-status.ts";
import type { MailMessage } from "../../src/mail/message.ts";

interface Sample {
  from: string;
  subject: string;
  text: string;
  headers?: Record<string, string>;
}

function mail({ from, subject, text, headers = {} }: Sample): MailMessage {
  const match = /^(?:(.*) )?<(.*)>$/.exec(from);
  return {
    inReplyTo: [],
    references: [],
    from: { address: match?.[2] ?? from, ...(match?.[1] === undefined ? {} : { name: match[1] }) },
    replyTo: [],
    to: [{ address: "desk@a.example" }],
    cc: [],
    subject,
    headers: Object.entries(headers).map(([name, value]) => ({ name, value })),
    text,
    attachments: [],
    reports: [],
  };
}

const nullPath = { "return-path": "<>" };

type Expected = [
  recipients: string[],
  action: "failed" | "delayed" | "delivered",
  status: string | undefined,
  permanent: boolean,
];
const bounces: [name: string, sample: Sample, expected: Expected][] = [
  [
    "a list of addresses, each with its reason",
    {
      from: "MAILER-DAEMON@mx.example",
      subject: "failure notice",
      headers: nullPath,
      text: "I was not able to deliver your message to the following addresses.\n\n<ann@b.example>:\nThis message is looping: it already has my Delivered-To line. (#5.4.6)\n\n<bob@b.example>:\nUser and password not set, continuing without authentication.\n192.0.2.7 failed after I sent the message.\nRemote host said: 554 5.7.1 message refused\n",
    },
    [["ann@b.example", "bob@b.example"], "failed", "5.4.6", false],
  ],
  [
    "an indented address with the session below it",
    {
      from: "Mail Delivery System <Mailer-Daemon@mx.example>",
      subject: "Mail delivery failed: returning message to sender",
      text: "A message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error.\n\n  ann@b.example\n    SMTP error from remote mail server after RCPT TO:<ann@b.example>:\n    host mx.b.example [192.0.2.7]: 550 5.1.1 <ann@b.example>:\n    Recipient address rejected: User unknown in virtual mailbox table\n",
    },
    [["ann@b.example"], "failed", "5.1.1", true],
  ],
  [
    "an unrouteable domain",
    {
      from: "Mail Delivery System <Mailer-Daemon@mx.example>",
      subject: "Mail delivery failed: returning message to sender",
      headers: { "x-failed-recipients": "ann@nowhere.example" },
      text: "A message that you sent could not be delivered.\n\n  ann@nowhere.example\n    Unrouteable address: all relevant MX records point to non-existent hosts\n",
    },
    [["ann@nowhere.example"], "failed", "5.1.2", true],
  ],
  [
    "several recipients in one field",
    {
      from: "Mailer-Daemon@mx.example",
      subject: "Mail delivery failed",
      headers: { "x-failed-recipients": "ann@b.example,\n  bob@b.example" },
      text: "could not be delivered\n\n  ann@b.example\n    mailbox is full\n  bob@b.example\n    mailbox is full\n",
    },
    [["ann@b.example", "bob@b.example"], "failed", "5.2.2", false],
  ],
  [
    "a transcript of the session",
    {
      from: "Mail Delivery Subsystem <MAILER-DAEMON@mx.example>",
      subject: "Returned mail: Host unknown (Name server: nowhere.example: host not found)",
      text: "   ----- The following addresses had permanent fatal errors -----\nann@nowhere.example\n\n   ----- Transcript of session follows -----\n550 ann@nowhere.example... Host unknown (Name server: nowhere.example: host not found)\n",
    },
    [["ann@nowhere.example"], "failed", "5.1.2", true],
  ],
  [
    "a warning after four hours",
    {
      from: "Mail Delivery Subsystem <MAILER-DAEMON@mx.example>",
      subject: "Warning: could not send message for past 4 hours",
      text: "    **********************************************\n    **      THIS IS A WARNING MESSAGE ONLY      **\n    **  YOU DO NOT NEED TO RESEND YOUR MESSAGE  **\n    **********************************************\n\n   ----- The following addresses had transient non-fatal errors -----\n<ann@b.example>\n\n   ----- Transcript of session follows -----\n<ann@b.example>... Deferred: Connection refused by mx.b.example.\nWarning: message still undelivered after 4 hours\nWill keep trying until message is 5 days old\n",
    },
    [["ann@b.example"], "delayed", "4.7.0", false],
  ],
  [
    "an address in quotes, with the time",
    {
      from: "System Administrator <postmaster@b.example>",
      subject: "Undeliverable: Prices",
      text: "Your message did not reach some or all of the intended recipients.\n\n      Subject:\tPrices\n      Sent:\t3/2/2026 10:00 AM\n\nThe following recipient(s) cannot be reached:\n\n      'ann@b.example' on 3/2/2026 10:01 AM\n            The recipient name is not recognized\n            550 5.1.1 User unknown\n",
    },
    [["ann@b.example"], "failed", "5.1.1", true],
  ],
  [
    "a link behind the name",
    {
      from: "Microsoft Outlook <postmaster@b.example>",
      subject: "Undeliverable: Prices",
      text: "Delivery has failed to these recipients or groups:\n\nAnn Weber (ann@b.example)<mailto:ann@b.example>\nThe recipient's mailbox is full and can't accept messages now. Please try resending your message later, or contact the recipient directly.\n\nDiagnostic information for administrators:\n\nGenerating server: mx.b.example\n\nann@b.example\nRemote Server returned '554 5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException'\n",
    },
    [["ann@b.example"], "failed", "5.2.2", false],
  ],
  [
    "a notice of Google",
    {
      from: "Mail Delivery Subsystem <mailer-daemon@googlemail.com>",
      subject: "Delivery Status Notification (Failure)",
      headers: { ...nullPath, "x-failed-recipients": "ann@b.example" },
      text: "** Address not found **\n\nYour message wasn't delivered to ann@b.example because the address couldn't be found, or is unable to receive mail.\n\nThe response from the remote server was:\n550 5.1.1 The email account that you tried to reach does not exist.\n",
    },
    [["ann@b.example"], "failed", "5.1.1", true],
  ],
  [
    "a delay at Google",
    {
      from: "Mail Delivery Subsystem <mailer-daemon@googlemail.com>",
      subject: "Delivery Status Notification (Delay)",
      text: "** Delivery incomplete **\n\nThere was a temporary problem delivering your message to ann@b.example. Gmail will retry for 46 more hours. You'll be notified if the delivery fails permanently.\n",
    },
    [["ann@b.example"], "delayed", "4.7.0", false],
  ],
  [
    "the answer of a remote host",
    {
      from: "MAILER-DAEMON@provider.example",
      subject: "Failure Notice",
      headers: nullPath,
      text: "Sorry, we were unable to deliver your message to the following address.\n\n<ann@b.example>:\nRemote host said:\n554 delivery error: dd This user doesn't have a provider.example account (ann@b.example) [0] - mta4.provider.example\n\n--- Below this line is a copy of the message.\n\nReturn-Path: <desk@a.example>\n",
    },
    [["ann@b.example"], "failed", "5.1.1", true],
  ],
  [
    "an address behind a label",
    {
      from: "Postmaster <postmaster@b.example>",
      subject: "Undeliverable mail",
      text: "This is the mail server at b.example. The mail below could not be delivered.\n\nRecipient: [ann@b.example]\nReason: No such user here\n",
    },
    [["ann@b.example"], "failed", "5.1.1", true],
  ],
  [
    "an address within a sentence",
    {
      from: "Courier mail server at mx.b.example <postmaster@b.example>",
      subject: "NOTICE: mail delivery status.",
      headers: nullPath,
      text: "This is a delivery status notification from mx.b.example.\n\nUNDELIVERABLE MAIL\n\nYour message to the following recipients cannot be delivered:\n\n<ann@b.example>:\n    <<< 550 User unknown.\n",
    },
    [["ann@b.example"], "failed", "5.1.1", true],
  ],
  [
    "a mail that went round in circles",
    {
      from: "Mail Administrator <Postmaster@b.example>",
      subject: "Mail System Error - Returned Mail",
      text: "This Message was undeliverable due to the following reason:\n\nThe message exceeded the maximum hop count: too many hops, a mail loop.\n\nRecipient: <ann@b.example>\n",
    },
    [["ann@b.example"], "failed", "5.7.1", false],
  ],
  [
    "what a mail filter thinks",
    {
      from: "postmaster@b.example",
      subject: "Message blocked",
      headers: nullPath,
      text: "Your message to ann@b.example was not delivered. It was rejected as spam (554 5.7.1).\n",
    },
    [["ann@b.example"], "failed", "5.7.1", false],
  ],
  [
    "a report in German",
    {
      from: "Mail Delivery System <mailer-daemon@b.example>",
      subject: "Mail delivery failed / Nachricht unzustellbar",
      text: "Die folgende Nachricht konnte nicht zugestellt werden.\n\nann@b.example:\nEmpfänger unbekannt (550 5.1.1)\n",
    },
    [["ann@b.example"], "failed", "5.1.1", true],
  ],
  [
    "a report in French",
    {
      from: "postmaster@b.example",
      subject: "Non remis : Prices",
      text: "Votre message n'a pas pu être remis à ann@b.example.\n\nLa boîte de réception est pleine.\n",
    },
    [["ann@b.example"], "failed", "5.2.2", false],
  ],
  [
    "a report in Spanish",
    {
      from: "postmaster@b.example",
      subject: "No se puede entregar: Prices",
      headers: nullPath,
      text: "No se pudo entregar su mensaje.\n\nDestinatario: ann@b.example\nEl usuario no existe\n",
    },
    [["ann@b.example"], "failed", "5.1.1", true],
  ],
  [
    "a domain that takes no mail",
    {
      from: "MAILER-DAEMON@mx.a.example",
      subject: "Undelivered Mail Returned to Sender",
      headers: nullPath,
      text: "<ann@b.example>: Domain b.example does not accept mail (nullMX)\n",
    },
    [["ann@b.example"], "failed", "5.1.2", true],
  ],
  [
    "a server out of reach for days",
    {
      from: "MAILER-DAEMON@mx.a.example",
      subject: "Undelivered Mail Returned to Sender",
      headers: nullPath,
      text: "Your message could not be delivered for 5.0 days.\n\n<ann@b.example>: connect to mx.b.example[192.0.2.7]:25: Connection timed out\n",
    },
    [["ann@b.example"], "failed", "4.4.7", false],
  ],
  [
    "an attachment too large",
    {
      from: "postmaster@b.example",
      subject: "Delivery failure (ann@b.example)",
      text: "Your message has not been delivered to ann@b.example: 552 5.3.4 Message size exceeds fixed limit\n",
    },
    [["ann@b.example"], "failed", "5.3.4", false],
  ],
  [
    "only the returned mail's To",
    {
      from: "MAILER-DAEMON@mx.example",
      subject: "Undeliverable message",
      headers: nullPath,
      text: "The mail could not be delivered.\n\nReceived: from a.example by mx.example; Mon, 2 Mar 2026 10:00:00 +0000\nMessage-ID: <t7@a.example>\nFrom: Desk <desk@a.example>\nTo: ann@b.example\nSubject: Prices\n\nHello\n",
    },
    [["ann@b.example"], "failed", undefined, false],
  ],
  [
    "a receipt without the part for programs",
    {
      from: "postmaster@b.example",
      subject: "Delivery Status Notification (Success)",
      text: "Your message was successfully delivered to:\n\nann@b.example\n",
    },
    [["ann@b.example"], "delivered", "2.0.0", false],
  ],
  [
    "a robot of another name",
    {
      from: "Delivery Robot <bounces@provider.example>",
      subject: "Undeliverable: Prices",
      headers: nullPath,
      text: "Your message could not be delivered to: ann@b.example\n550 5.1.10 recipient not found\n",
    },
    [["ann@b.example"], "failed", "5.1.10", true],
  ],
  [
    "a mail system in a language that is not known, where the mailbox does not say the reverse path",
    {
      from: "MAILER-DAEMON@b.example",
      subject: "แจ้งผลการส่ง",
      text: "ส่งไม่ถึง\n\n<ann@b.example>: 550 5.1.1\n",
    },
    [["ann@b.example"], "failed", "5.1.1", true],
  ],
  [
    "Exchange, in Dutch",
    {
      from: "Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@b.example>",
      subject: "Onbestelbaar: Prices",
      text: "De levering is mislukt voor de volgende geadresseerden of groepen:\n\nann@b.example\nHet ingevoerde e-mailadres is niet gevonden.\n",
    },
    [["ann@b.example"], "failed", "5.1.1", true],
  ],
  [
    "a report in Korean",
    {
      from: "postmaster@b.example",
      subject: "메일이 반송되었습니다",
      text: "<ann@b.example>: 존재하지 않는 사용자입니다\n",
    },
    [["ann@b.example"], "failed", "5.1.1", true],
  ],
  [
    "the reason before the address",
    {
      from: "postmaster@b.example",
      subject: "Undeliverable message",
      text: "Unknown user: ann@b.example\n\nYour message could not be delivered as addressed.\n",
    },
    [["ann@b.example"], "failed", "5.1.1", true],
  ],
  [
    "a delay that counts the hours",
    {
      from: "MAILER-DAEMON@mx.a.example",
      subject: "Delayed Mail (still being retried)",
      text: "Your message could not be delivered for 4.0 hours.\nIt will be retried until it is 5.0 days old.\n\n<ann@b.example>: connection refused\n",
    },
    [["ann@b.example"], "delayed", "4.4.1", false],
  ],
  [
    "an address between Chinese words",
    {
      from: "postmaster@b.example",
      subject: "系统退信",
      text: "收件人：ann@b.example\n退信原因：对方邮箱地址不存在\n",
    },
    [["ann@b.example"], "failed", "5.1.1", true],
  ],
  [
    "a delay in German",
    {
      from: "postmaster@b.example",
      subject: "Zustellung verzögert: Prices",
      text: "Die Zustellung an folgende Empfänger verzögert sich:\n\nann@b.example\n",
    },
    [["ann@b.example"], "delayed", undefined, false],
  ],
  [
    "a delay in Italian, which only the subject says in words that are known",
    {
      from: "postmaster@b.example",
      subject: "Consegna in ritardo: Prices",
      headers: nullPath,
      text: "Destinatari:\n\nann@b.example\n",
    },
    [["ann@b.example"], "delayed", undefined, false],
  ],
  [
    "the id of the mail in front of the address",
    {
      from: "postmaster@b.example",
      subject: "NDR: Prices",
      text: "The message <t7@a.example> to ann@b.example could not be delivered.\n\nMessage-ID: <t7@a.example>\n",
    },
    [["ann@b.example"], "failed", undefined, false],
  ],
  [
    "a receipt of Exchange",
    {
      from: "postmaster@b.example",
      subject: "Delivered: Prices",
      text: "Your message has been delivered to the following recipients:\n\nann@b.example\n",
    },
    [["ann@b.example"], "delivered", "2.0.0", false],
  ],
  [
    "a robot whose reverse path is empty, without a code",
    {
      from: "Postoffice <postoffice@c.example>",
      subject: "Undeliverable mail",
      headers: nullPath,
      text: "Mail for ann@b.example could not be delivered: no such user.\n",
    },
    [["ann@b.example"], "failed", "5.1.1", true],
  ],
  [
    "a gateway that says that it is a program, and which mail it means",
    {
      from: "Mail Gateway <gateway@b.example>",
      subject: "Undelivered mail",
      headers: { "auto-submitted": "auto-generated" },
      text: "The message that you sent to ann@b.example was not delivered.\nError: 550 5.1.1 user unknown\nMessage-ID: <t7@a.example>\n",
    },
    [["ann@b.example"], "failed", "5.1.1", true],
  ],
];

test.each(bounces)("%s", (_, sample, [recipients, action, status, permanent]) => {
  const report = readDeliveryStatus(mail(sample));
  expect(report?.standard).toBe(false);
  expect(report?.recipients.map((recipient) => recipient.finalRecipient)).toEqual(recipients);
  expect(report?.recipients[0]).toMatchObject({ action, permanent });
  expect(report?.recipients[0]?.status).toBe(status);
});

test.each<[string, Sample]>([
  [
    "an answer to a bounce",
    {
      from: "Ann <ann@b.example>",
      subject: "Re: Undelivered Mail Returned to Sender",
      text: "<bob@b.example>: 550 5.1.1 user unknown\n",
    },
  ],
  [
    "a question about delivery",
    {
      from: "Ann <ann@b.example>",
      subject: "Delivery of the parts",
      text: "The parcel could not be delivered to bob@b.example. What now?\n",
    },
  ],
  [
    "a notice of absence with an empty reverse path",
    {
      from: "Ann <ann@b.example>",
      subject: "Automatic reply: Delivery failed",
      headers: nullPath,
      text: "Your message was not delivered to me: I am away. Write to bob@b.example\n",
    },
  ],
  [
    "a receipt of a shop",
    {
      from: "Shop <orders@shop.example>",
      subject: "Delivery notification",
      headers: nullPath,
      text: "Your parcel 5.1.1 will arrive on Monday. Questions: help@shop.example\n",
    },
  ],
  [
    "a shop's delivery service",
    {
      from: "Delivery <delivery@shop.example>",
      subject: "Delivery notification",
      text: "We could not deliver your parcel to you. Write to help@shop.example.\n",
    },
  ],
  [
    "a robot that asks",
    {
      from: "Forms <no-reply@shop.example>",
      subject: "Problems with your order",
      text: "Your order was not delivered. Write to help@shop.example.\n",
    },
  ],
  [
    "the postmaster in person",
    {
      from: "Postmaster <postmaster@b.example>",
      subject: "Maintenance on Sunday",
      text: "The mail server will be down. Write to ann@b.example.\n",
    },
  ],
  [
    "the postmaster's answer",
    {
      from: "Postmaster <postmaster@b.example>",
      subject: "Re: Prices",
      text: "No such user bob@b.example here (550 5.1.1), write to ann@b.example. The price is 12.\n",
    },
  ],
  [
    "the postmaster's own mail",
    {
      from: "Postmaster <postmaster@b.example>",
      subject: "Your question",
      headers: { "return-path": "<postmaster@b.example>" },
      text: "Your mail to bob@b.example could not be delivered (550 5.1.1). What did you want?\n",
    },
  ],
  [
    "a tracker's notice, which names a mailbox and no mail",
    {
      from: "Tracker <noreply@tracker.example>",
      subject: "Undelivered notifications (#78)",
      headers: { "auto-submitted": "auto-generated" },
      text: "Mails to bob@b.example could not be delivered: 550 5.1.1 user unknown. Assigned to you.\n",
    },
  ],
  [
    "a lure under a mail system's name",
    {
      from: "Mail Administrator <admin@c.example>",
      subject: "Undelivered messages: action required",
      text: "desk@a.example has 5 undelivered mails. Log in to release them.\n",
    },
  ],
  [
    "a parcel service that names its own mailbox",
    {
      from: "Parcels <noreply@parcels.example>",
      subject: "Mancata consegna",
      headers: nullPath,
      text: "Mancata consegna del pacco. help@parcels.example\n",
    },
  ],
  [
    "a welcome to a mailbox",
    {
      from: "Mail System <postmaster@a.example>",
      subject: "Your new mailbox",
      headers: nullPath,
      text: "It holds 550 MB. Write to help@a.example with questions.\n",
    },
  ],
  [
    "a parcel service's notice",
    {
      from: "Parcels <service@parcels.example>",
      subject: "Delivery failure",
      headers: { ...nullPath, "auto-submitted": "auto-generated" },
      text: "The parcel could not be delivered to the recipient. Please give us a new address.\n",
    },
  ],
  [
    "a newsletter",
    {
      from: "News <news@c.example>",
      subject: "Problems with your garden?",
      headers: { precedence: "bulk" },
      text: "We help you. news@c.example\n",
    },
  ],
])("%s is no bounce", (_, sample) => {
  expect(readDeliveryStatus(mail(sample))).toBeUndefined();
});

test.each([
  ["Message-ID: <t7@a.example>", ["<t7@a.example>"]],
  ["> Message-Id:\n>  <t7@a.example>", ["<t7@a.example>"]],
  ["Message ID <t7@a.example> from you", ["<t7@a.example>"]],
  ["The id was <ann@b.example>", []],
])("the id of the returned mail in %j", (words, ids) => {
  const report = readDeliveryStatus(
    mail({
      from: "MAILER-DAEMON@mx.example",
      subject: "failure notice",
      text: `<ann@b.example>:\n550 user unknown\n\n${words}\n`,
    }),
  );
  expect(report?.original.messageIds).toEqual(ids);
});
