import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import type { AccountInput } from "../../src/accounts/parse-account.ts";
import { parseAccount } from "../../src/accounts/parse-account.ts";
import { EmailKitError } from "../../src/errors.ts";

const imap = "imaps://desk:secret@mail.example";
const smtp = "smtps://desk:secret@mail.example";

function refusal(input: unknown): EmailKitError {
  try {
    parseAccount(input as AccountInput);
  } catch (error) {
    expect(error).toBeInstanceOf(EmailKitError);
    return error as EmailKitError;
  }
  throw new Error("was accepted");
}

describe("parseAccount", () => {
  it.each([
    ["smtp://u:p@mail.example", { host: "mail.example", port: 587, tls: "starttls" }],
    ["smtp://u:p@mail.example:465", { host: "mail.example", port: 465, tls: "implicit" }],
    ["smtps://u:p@mail.example", { host: "mail.example", port: 465, tls: "implicit" }],
    ["smtps://u:p@mail.example:2465", { host: "mail.example", port: 2465, tls: "implicit" }],
    ["smtp://u:p@MAIL.example:2525?tls=implicit", { host: "mail.example", port: 2525, tls: "implicit" }],
    ["smtp://u:p@localhost:2525", { host: "localhost", port: 2525, tls: "none" }],
    ["smtp://u:p@localhost:2525?tls=starttls", { host: "localhost", port: 2525, tls: "starttls" }],
    ["smtp://u:p@127.0.0.9", { host: "127.0.0.9", port: 587, tls: "none" }],
    ["smtp://u:p@[::1]:2525/", { host: "::1", port: 2525, tls: "none" }],
    ["smtp://u:p@[2001:db8::1]", { host: "2001:db8::1", port: 587, tls: "starttls" }],
  ])("reads %s", (url, expected) => {
    expect(parseAccount({ smtp: url, imap }).smtp).toMatchObject(expected);
  });

  it("fills in the mailbox server's ports", () => {
    expect(parseAccount({ smtp, imap }).imap).toMatchObject({ port: 993, tls: "implicit" });
    expect(parseAccount({ smtp, imap: "imap://u:p@mail.example" }).imap).toMatchObject({ port: 143, tls: "starttls" });
    expect(parseAccount({ smtp, imap }).mailbox).toBe("INBOX");
    expect(parseAccount({ smtp, imap, mailbox: "Agents/Desk" }).mailbox).toBe("Agents/Desk");
  });

  it("decodes user and password, and takes an address as user", () => {
    const { user, auth } = parseAccount({ smtp: "smtp://desk@a.example:p%2Fa%23s%3As%25@mail.example", imap }).smtp;
    expect({ user, auth }).toEqual({ user: "desk@a.example", auth: { password: "p/a#s:s%" } });
  });

  it("takes options as they are, with the same defaults", () => {
    const accessToken = () => "token";
    const account = parseAccount({ smtp: { host: "mail.example", user: "desk", auth: { accessToken } }, imap });
    expect(account.smtp).toEqual({
      host: "mail.example",
      port: 587,
      tls: "starttls",
      user: "desk",
      auth: { accessToken },
      connectTimeoutMs: 15_000,
    });
  });

  it.each([
    ["https://u:hunter2@mail.example", "neither smtp: nor smtps:"],
    ["imap://u:hunter2@mail.example", "neither smtp: nor smtps:"],
    ["mail.example", "cannot be read"],
    ["smtp://u:hun#ter2@mail.example", "cannot be read"],
    ["smtp://u:hunter2@", "cannot be read"],
    ["smtp://u:123/hunter2@mail.example", "after the host"],
    ["smtp://u:hunter2@mail.example/INBOX", "after the host"],
    ["smtp://:hunter2@mail.example", "no user"],
    ["smtp://u@mail.example", "no password"],
    ["smtp://u:hunter2%@mail.example", 'stray "%"'],
    ["smtp://u:hunter2%00@mail.example", "control character"],
    ["smtp://u:hunter2%0D%0AQUIT@mail.example", "control character"],
    ["smtp://u:hunter2@mail.example?tls=never", "none of implicit"],
    ["smtp://u:hunter2@mail.example?hunter2=x", "other than `tls`"],
    ["smtps://u:hunter2@mail.example?tls=none", "at once"],
    ["smtp://u:hunter2@mail.example?tls=none", "loopback hosts only"],
    ["smtp://u:hunter2@localhost.example?tls=none", "loopback hosts only"],
    ["smtp://u:hunter2@127.0.0.1.example?tls=none", "loopback hosts only"],
    ["smtp://u:hunter2@mail.example:0", "from 1 to 65535"],
    ["", "no smtp server"],
    [undefined, "no smtp server"],
    [{ host: "", user: "u", auth: { password: "hunter2" } }, "`host`"],
    [{ host: "mail.example", user: "", auth: { password: "hunter2" } }, "`user`"],
    [{ host: "mail.example", user: "u", auth: { password: "" } }, "`auth.password`"],
    [{ host: "mail.example", user: "u" }, "`auth`"],
    [{ host: "mail.example", user: "u", auth: { accessToken: "hunter2" } }, "not a function"],
    [{ host: "mail.example", user: "u", auth: { password: "hunter2" }, port: 70_000 }, "`port`"],
    [{ host: "mail.example", user: "u", auth: { password: "hunter2" }, tls: "maybe" }, "`tls`"],
    [{ host: "mail.example", user: "u", auth: { password: "hunter2" }, ca: "/etc/ca.pem" }, "PEM"],
    [{ host: "mail.example", user: "u", auth: { password: "hunter2" }, connectTimeoutMs: 0 }, "connectTimeoutMs"],
  ])("refuses %j", (server, reason) => {
    const error = refusal({ smtp: server, imap });
    expect(error).toMatchObject({ code: "INVALID_CONFIG", retryable: false });
    expect(error.message).toContain(reason);
    expect(inspect(error, { depth: 9, showHidden: true }).split("\n    at ")[0]).not.toContain("hunter2");
    expect(error.cause).toBeUndefined();
  });

  it("refuses an empty mailbox", () => {
    expect(refusal({ smtp, imap, mailbox: " " }).code).toBe("INVALID_CONFIG");
  });
});
