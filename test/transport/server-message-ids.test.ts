import { expect, it } from "vitest";
import { serverMessageIds } from "../../src/transport/server-message-ids.ts";

const ses = "010f018f5c3c0a4f-1d2c3b4a-aaaa-bbbb-cccc-0123456789ab-000000";

it.each([
  [
    "250 2.0.0 OK <AM0@AM0.eurprd01.prod.outlook.com> [Hostname=AM0.eurprd01.prod.outlook.com]",
    "smtp.office365.com",
    ["<AM0@AM0.eurprd01.prod.outlook.com>"],
  ],
  [
    "250 2.6.0 <x@mail.corp.example> [InternalId=1] 1234 bytes in 0.1, 9 KB/sec Queued mail for delivery",
    "mail.corp.example",
    ["<x@mail.corp.example>"],
  ],
  [
    `250 Ok ${ses}`,
    "email-smtp.us-east-1.amazonaws.com",
    [`<${ses}@email.amazonses.com>`, `<${ses}@us-east-1.amazonses.com>`],
  ],
  [
    `250 Ok ${ses}\r\n`,
    "EMAIL-SMTP.eu-west-1.amazonaws.com",
    [`<${ses}@email.amazonses.com>`, `<${ses}@eu-west-1.amazonses.com>`],
  ],
  [`250 Ok ${ses}`, "relay.corp.example", [`<${ses}@email.amazonses.com>`]],
  ["250 2.0.0 Ok: queued as 4F1234567", "mx.example", []],
  ["250 2.0.0 OK  1700000000 d2e1a72fcca58-6b5c1a2b3c4sm1234567b3a.42 - gsmtp", "smtp.gmail.com", []],
  ["250 OK id=1rABCD-0000xY-2z", "mx.example", []],
  ["250 Ok 0100018b", "email-smtp.us-east-1.amazonaws.com", []],
])("%s", (response, host, expected) => {
  expect(serverMessageIds(response, host)).toEqual(expected);
});

it("leaves out what is known to be something else", () => {
  expect(serverMessageIds("250 ok <a@x> for <b@x>", "x", new Set(["<b@x>"]))).toEqual(["<a@x>"]);
});
