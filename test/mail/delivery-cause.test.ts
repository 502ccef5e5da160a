import { expect, test } from "vitest";
import { causeOf, isPermanentFailure } from "../../src/mail/delivery-cause.ts";

test.each([
  ["552 5.2.2 Mailbox full", "5.2.2"],
  ["452 4.2.2 The email account that you tried to reach is over quota", "5.2.2"],
  ["Quota exceeded (mailbox for user is full)", "5.2.2"],
  ["user unknown; his mailbox is full", "5.2.2"],
  ["Das Postfach ist voll", "5.2.2"],
  ["552 5.3.4 Message size exceeds fixed limit", "5.3.4"],
  ["554 5.7.1 Service unavailable; client host [192.0.2.1] blocked using a block list", "5.7.1"],
  ["message rejected as spam", "5.7.1"],
  ["550 5.7.26 unauthenticated mail: SPF did not pass", "5.7.1"],
  ["451 4.7.1 Greylisted, try again later", "4.7.0"],
  ["421 too many connections", "4.7.0"],
  ["551 user has moved to c.example", "5.1.6"],
  ["Host or domain name not found. Name service error for name=b.example type=MX", "5.1.2"],
  ["Domain b.example does not accept mail (nullMX)", "5.1.2"],
  ["Unrouteable address", "5.1.2"],
  ["550 5.1.1 User unknown", "5.1.1"],
  ["host mx.b.example[192.0.2.7] said: 550 User unknown in virtual mailbox table", "5.1.1"],
  ["550 No such user here", "5.1.1"],
  ["This user doesn't have an account", "5.1.1"],
  ["550 Requested action not taken: mailbox unavailable", "5.1.1"],
  ["Recipient address rejected: Access denied", "5.1.1"],
  ["RESOLVER.ADR.RecipNotFound", "5.1.1"],
  ["User ann (ann@b.example) not listed in Domino Directory", "5.1.1"],
  ["550 Domain b.example is not hosted here", "5.1.2"],
  ["This address no longer accepts mail", "5.1.6"],
  ["550 User ann@b.example is locked", "5.2.1"],
  ["Your account is locked", undefined],
  ["550 <desk@a.example>: Sender address rejected: Domain not found", "5.1.8"],
  ["returned to sender: user unknown", "5.1.1"],
  ["451 Excessive unknown recipients", "4.7.0"],
  ["adres onbekend", "5.1.1"],
  ["Utente sconosciuto", "5.1.1"],
  ["550 <ann@b.example> is invalid", "5.1.1"],
  ["550 unknown local part ann", "5.1.1"],
  ["The email address you entered couldn't be found", "5.1.1"],
  ["The recipient has left the company", "5.1.6"],
  ["192.0.2.1 is listed in zen.example", "5.7.1"],
  ["User mailbox exceeds allowed size", "5.2.2"],
  ["The subscriber does not exist", "5.1.1"],
  ["Пользователь не найден", "5.1.1"],
  ["收件人不存在", "5.1.1"],
  ["Empfänger unbekannt", "5.1.1"],
  ["Utilisateur inconnu", "5.1.1"],
  ["El usuario no existe", "5.1.1"],
  ["Connection timed out", "4.4.7"],
  ["retry timeout exceeded", "4.4.7"],
  ["Connection refused", "4.4.1"],
  ["554 relaying denied", "5.7.1"],
  ["something else happened", undefined],
  ["", undefined],
])("%j is %s", (text, status) => {
  expect(causeOf(text)?.status).toBe(status);
});

test.each<[string | undefined, string | undefined, boolean]>([
  ["5.1.1", undefined, true],
  ["5.1.10", "no such recipient", true],
  ["5.2.1", "account disabled", true],
  ["5.1.1", "mailbox is full", false],
  ["5.1.1", "greylisted, try again later", false],
  ["5.1.1", "access denied", true],
  ["5.2.2", undefined, false],
  ["5.2.2", "user unknown", false],
  ["5.3.4", undefined, false],
  ["5.7.1", "blocked", false],
  ["5.7.1", "user unknown", true],
  ["5.0.0", "user unknown", true],
  ["5.0.0", "mailbox is full", false],
  ["5.0.0", undefined, false],
  ["5.0.0", "550 5.1.1 rejected", true],
  ["5.0.0", "553 5.3.0 Addressee unknown", true],
  ["5.0.0", "550 5.2.1 Mailbox unavailable. Your IP address is blacklisted", false],
  ["5.1.1", "Email rejected per DMARC", false],
  ["5.1.7", "invalid address", false],
  ["4.1.8", "domain not found", false],
  ["5.0.0", "552 5.2.2 sorry", false],
  ["4.4.1", "connection refused", false],
  ["4.4.3", "host not found", false],
  ["4.1.1", "user unknown", true],
  [undefined, "550 sorry", true],
  [undefined, "554 sorry", false],
  [undefined, "552 sorry", false],
  [undefined, undefined, false],
])("status %s with %j is the address's fault: %s", (status, diagnostic, permanent) => {
  expect(isPermanentFailure(status, diagnostic)).toBe(permanent);
});

test.each(["user ", "mailbox is ", "over quota ", "host ", "n't ", "a"])(
  "a hostile text of %j takes little time",
  (piece) => {
    const start = performance.now();
    causeOf(piece.repeat(200_000 / piece.length));
    expect(performance.now() - start).toBeLessThan(300);
  },
);
