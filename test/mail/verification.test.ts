import { describe, expect, test } from "vitest";
import { extractVerification, type VerificationMail } from "../../src/mail/verification.ts";
import { grid } from "../bench/grid.ts";
import { mailSoup, randomOf } from "../support/mail-soup.ts";

const from = { address: "no-reply@acme.example" };

describe("codes", () => {
  test.each<[string, VerificationMail, string]>([
    [
      "en",
      {
        text: "Hi,\n\nYour verification code is 481516.\n\nIt expires in 10 minutes.\n\nAcme, 1 Main Street, Springfield, CA 94043",
      },
      "481516",
    ],
    ["en, in the subject", { subject: "481516 is your Acme code", text: "Use it to sign in. © 2025 Acme" }, "481516"],
    ["en, own line", { text: "Enter this code to sign in:\n\n  4815\n\nThis is about order #99887766." }, "4815"],
    ["en, grouped", { text: "Your security code: 481 516" }, "481516"],
    ["en, dashed", { text: "Your one-time code is 481-516" }, "481516"],
    ["en, Google", { text: "G-481516 is your Google verification code." }, "481516"],
    ["en, alphanumeric", { text: "Your confirmation code:\n\nK7X9QP\n\nThanks" }, "K7X9QP"],
    ["en, lower case", { text: "Your login code is: k7x9qp" }, "k7x9qp"],
    ["en, letters", { text: "Your sign-in code:\n\nXKQPZR\n" }, "XKQPZR"],
    ["en, device", { text: "Enter code:\n\nWDJB-MJHT\n" }, "WDJB-MJHT"],
    [
      "en, with an order and a phone number",
      {
        text: "Order 12345678 was placed.\nYour verification code is 204060.\nQuestions? Call +1 555 010 0199 or 0800 123456.",
      },
      "204060",
    ],
    [
      "en, with a price and a date",
      { text: "On 12 May 2025 you paid $1,250.00.\nTo confirm, use this code: 730184" },
      "730184",
    ],
    ["en, a year-like code", { text: "Your PIN code is 2025." }, "2025"],
    ["en, eight digits", { text: "Authentication code\n12345678" }, "12345678"],
    ["en, code before its name", { text: "Hello,\n\n550213\n\nis your one-time password." }, "550213"],
    ["de", { text: "Ihr Bestätigungscode lautet: 481516\nKundennummer: 99887766\nPLZ 10115 Berlin" }, "481516"],
    ["fr", { text: "Votre code de vérification est 481516. Il est valable 10 minutes." }, "481516"],
    ["es", { text: "Tu código de verificación es 481516" }, "481516"],
    ["pt", { text: "Seu código de segurança: 481516" }, "481516"],
    ["it", { text: "Il tuo codice di verifica è 481516" }, "481516"],
    ["nl", { text: "Je verificatiecode is 481516" }, "481516"],
    ["sv", { text: "Din verifieringskod är 481516" }, "481516"],
    ["da", { text: "Din bekræftelseskode er 481516" }, "481516"],
    ["fi", { text: "Vahvistuskoodisi on\n481516" }, "481516"],
    ["pl", { text: "Twój kod weryfikacyjny to 481516" }, "481516"],
    ["cs", { text: "Váš ověřovací kód je 481516" }, "481516"],
    ["hu", { text: "Az Ön ellenőrző kódja: 481516\nbiztonsági kód: 481516" }, "481516"],
    ["ro", { text: "Codul de verificare este 481516" }, "481516"],
    ["tr", { text: "Doğrulama kodunuz: 481516" }, "481516"],
    ["ru", { text: "Ваш код подтверждения: 481516" }, "481516"],
    ["uk", { text: "Ваш код підтвердження: 481516" }, "481516"],
    ["el", { text: "Ο κωδικός επαλήθευσης είναι 481516" }, "481516"],
    ["zh", { text: "您的验证码是481516，10分钟内有效。" }, "481516"],
    ["zh-tw", { text: "您的驗證碼為：481516" }, "481516"],
    ["ja", { text: "認証コードは４８１５１６です。" }, "481516"],
    ["ko", { text: "인증번호는 481516 입니다. 주문번호 99887766" }, "481516"],
    ["ar", { text: "رمز التحقق الخاص بك هو ٤٨١٥١٦" }, "481516"],
    ["he", { text: "קוד האימות שלך הוא 481516" }, "481516"],
    ["hi", { text: "आपका सत्यापन कोड 481516 है" }, "481516"],
    ["vi", { text: "Mã xác minh của bạn là 481516" }, "481516"],
    ["id", { text: "Kode verifikasi Anda adalah 481516" }, "481516"],
    ["th", { text: "รหัสยืนยันของคุณคือ 481516" }, "481516"],
    [
      "html, one digit per cell",
      {
        html: `<p>Your verification code:</p><table><tr>${Array.from("481516", (d) => `<td style="font-size:32px">${d}</td>`).join("")}</tr></table><p>&copy; 2025</p>`,
      },
      "481516",
    ],
    [
      "html, with css colours and hidden decoys",
      {
        html: '<style>.a{color:#123456}</style><div style="display:none">Your code is 111111</div><p>Your login code is</p><p style="font-size:30px"><b>481516</b></p>',
      },
      "481516",
    ],
    [
      "the newest part only",
      {
        text: "Your new verification code is 481516\n\nOn Mon, May 5, 2025 at 10:12 AM Acme <no-reply@acme.example> wrote:\n\n> Your verification code is 111111",
      },
      "481516",
    ],
  ])("%s", (_name, mail, code) => {
    expect(extractVerification(mail)).toMatchObject({ code });
  });

  test.each<[string, VerificationMail]>([
    ["an order", { subject: "Your order", text: "Order number 481516 has shipped. Tracking: 99887766" }],
    ["a phone number", { text: "Call us: 0800 481516 or +49 30 481516" }],
    ["a year", { text: "© 2025 Acme. All rights reserved. Since 1999." }],
    ["a price", { text: "You paid 4815 EUR. Confirmation of payment follows." }],
    ["a promotion", { text: "Use code SAVE2025 at checkout for 20% off!" }],
    ["a promotion by its name", { text: "Your promo code: WELCOME20" }],
    ["a colour", { html: '<p style="color:#481516">Your verification code was sent to your phone.</p>' }],
    ["an address", { text: "Acme Inc, 4815 Main Street, Suite 1600, Mountain View, CA 94043" }],
    ["an error", { text: "Error code 50321 while verifying." }],
    ["a date", { text: "Your verification code expired on 2025-05-05." }],
    ["two codes", { text: "Your verification code is 481516.\nYour verification code is 232342." }],
    ["a digit in an address", { text: "Your verification code was sent to user481516@example.com" }],
    ["an account number", { text: "Security notice for your account ending in 4815." }],
    ["nothing", {}],
  ])("none in %s", (_name, mail) => {
    expect(extractVerification(mail).code).toBeUndefined();
  });
});

describe("links", () => {
  const link = (href: string, label: string): string => `<a href="${href}">${label}</a>`;

  test.each<[string, VerificationMail, string]>([
    [
      "a button",
      {
        html:
          link("https://acme.example/verify?token=abc", "Verify email") +
          link("https://acme.example/unsubscribe?token=abc", "Unsubscribe"),
        from,
      },
      "https://acme.example/verify?token=abc",
    ],
    [
      "a subdomain",
      { html: link("https://auth.acme.example/magic/abcdef", "Sign in"), from: { address: "x@mail.acme.example" } },
      "https://auth.acme.example/magic/abcdef",
    ],
    [
      "text",
      { text: "Confirm your address:\nhttps://acme.example/confirm/abc.\n\nhttps://acme.example/privacy", from },
      "https://acme.example/confirm/abc",
    ],
    [
      "Safe Links",
      {
        html: link(
          "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Facme.example%2Fconfirm%3Ft%3D1&data=05",
          "Confirm",
        ),
        from,
      },
      "https://acme.example/confirm?t=1",
    ],
    [
      "Proofpoint 3",
      { html: link("https://urldefense.com/v3/__https://acme.example/confirm?t=1*2__;Iw!!abc$", "Confirm"), from },
      "https://acme.example/confirm?t=1#2",
    ],
    [
      "Proofpoint 2",
      {
        html: link("https://urldefense.proofpoint.com/v2/url?u=https-3A__acme.example_confirm-3Ft-3D1&d=x", "Confirm"),
        from,
      },
      "https://acme.example/confirm?t=1",
    ],
    [
      "Google",
      { html: link("https://www.google.com/url?q=https://acme.example/verify/1&sa=D", "Verify"), from },
      "https://acme.example/verify/1",
    ],
    [
      "German",
      { html: link("https://acme.example/x/9f8e7d6c5b4a39281706", "E-Mail-Adresse bestätigen"), from },
      "https://acme.example/x/9f8e7d6c5b4a39281706",
    ],
    [
      "Japanese",
      { html: link("https://acme.example/x/9f8e7d6c5b4a39281706", "メールアドレスを認証する"), from },
      "https://acme.example/x/9f8e7d6c5b4a39281706",
    ],
    [
      "a country's registry",
      {
        html: link("https://login.acme.co.uk/reset?token=1", "Reset password"),
        from: { address: "no-reply@acme.co.uk" },
      },
      "https://login.acme.co.uk/reset?token=1",
    ],
  ])("%s", (_name, mail, expected) => {
    expect(extractVerification(mail).link).toBe(expected);
  });

  test.each<[string, VerificationMail]>([
    ["a stranger's host", { html: link("https://acme-verify.example/verify?token=abc", "Verify"), from }],
    ["a host that only begins so", { html: link("https://acme.example.evil.test/verify?token=abc", "Verify"), from }],
    ["a name before the host", { html: link("https://acme.example@evil.test/verify", "Verify"), from }],
    ["a text that shows another host", { html: link("https://acme.example/verify", "https://bank.test/verify"), from }],
    ["unsubscribing", { html: link("https://acme.example/unsubscribe?token=abc", "Confirm unsubscribe"), from }],
    ["a script", { html: link("javascript:verify()", "Verify"), from }],
    ["hidden", { html: `<div style="display:none">${link("https://acme.example/verify", "Verify")}</div>`, from }],
    ["a home page", { html: link("https://acme.example/", "Visit us"), from }],
  ])("none: %s", (_name, mail) => {
    expect(extractVerification(mail).link).toBeUndefined();
  });
});

describe("expiry", () => {
  const date = "2025-05-05T10:00:00Z";
  test.each([
    ["Your code is 481516. It expires in 10 minutes.", "2025-05-05T10:10:00.000Z"],
    ["Ihr Bestätigungscode: 481516. Er ist 15 Minuten gültig.", "2025-05-05T10:15:00.000Z"],
    ["您的验证码是481516，10分钟内有效。", "2025-05-05T10:10:00.000Z"],
    ["Your code is 481516. Valid for one hour.", "2025-05-05T11:00:00.000Z"],
    ["Ваш код подтверждения: 481516. Действует 24 часа.", "2025-05-06T10:00:00.000Z"],
  ])("%s", (text, expiresAt) => {
    expect(extractVerification({ text, date })).toMatchObject({ code: "481516", expiresAt });
  });

  test("is not made up", () => {
    expect(extractVerification({ text: "Your code is 481516. It expires in 10 minutes." }).expiresAt).toBeUndefined();
    expect(
      extractVerification({ text: "Your code is 481516. We answer within 2 days or 3 hours.", date }).expiresAt,
    ).toBeUndefined();
  });
});

test("it is total and quick on anything", () => {
  const random = randomOf(7);
  for (let i = 0; i < 200; i += 1)
    extractVerification({ subject: mailSoup(random), text: mailSoup(random), html: mailSoup(random), from });
  for (const [name, input] of grid(100_000)) {
    const start = process.cpuUsage();
    extractVerification({ text: input, html: input, from });
    expect(process.cpuUsage(start).user / 1000, name).toBeLessThan(1500);
  }
});

describe("whole mails", () => {
  const from = { address: "noreply@acme.example" };
  test.each<[VerificationMail, code: string | undefined, link: string | undefined]>([
    [
      { subject: "Your Acme code", text: "Hi,\n\n  739 204\n\nis your one-time passcode. It expires in 5 minutes." },
      "739204",
      undefined,
    ],
    [{ text: "123456 is your Acme verification code." }, "123456", undefined],
    [{ text: "Use 4821 to log in to Acme. Never share it." }, "4821", undefined],
    [{ text: "Ihr Sicherheitscode: 482913. Gültig bis 10:45 Uhr." }, "482913", undefined],
    [{ text: "Votre code de vérification est 48 29 13." }, "482913", undefined],
    [{ text: "Tu código de verificación es 482913" }, "482913", undefined],
    [{ text: "Il tuo codice di verifica è: 482913" }, "482913", undefined],
    [{ text: "Seu código de acesso: 482913" }, "482913", undefined],
    [{ text: "Uw verificatiecode is 482913" }, "482913", undefined],
    [{ text: "Din verifieringskod är 482913" }, "482913", undefined],
    [{ text: "Twój kod weryfikacyjny to 482913" }, "482913", undefined],
    [{ text: "Ваш код подтверждения: 482913" }, "482913", undefined],
    [{ text: "Doğrulama kodunuz: 482913" }, "482913", undefined],
    [{ text: "您的验证码是482913，5分钟内有效。" }, "482913", undefined],
    [{ text: "【Acme】驗證碼 482913" }, "482913", undefined],
    [{ text: "認証コード: 482913" }, "482913", undefined],
    [{ text: "인증번호 [482913]를 입력하세요" }, "482913", undefined],
    [{ text: "رمز التحقق الخاص بك هو 482913" }, "482913", undefined],
    [{ text: "קוד האימות שלך הוא 482913" }, "482913", undefined],
    [{ text: "Ο κωδικός επαλήθευσης είναι 482913" }, "482913", undefined],
    [{ text: "Mã xác minh của bạn là 482913" }, "482913", undefined],
    [{ text: "Kode verifikasi Anda adalah 482913" }, "482913", undefined],
    [{ text: "รหัสยืนยันของคุณคือ 482913" }, "482913", undefined],
    [
      {
        html: "<table><tr><td>4</td><td>8</td><td>2</td><td>9</td><td>1</td><td>3</td></tr></table><p>Enter this verification code.</p>",
      },
      "482913",
      undefined,
    ],
    [
      {
        subject: "[Acme] Sudo email verification code",
        text: "Here is your GitHub sudo authentication code:\n\n12345678\n\nThis code is valid for 15 minutes",
      },
      "12345678",
      undefined,
    ],
    [{ subject: "Login", text: "Login code: XK4-9PQ" }, "XK4-9PQ", undefined],
    [
      {
        subject: "Invoice 482913",
        text: "Invoice number 482913 over 1,299.00 USD is due on 2026-05-05. Call 555-0123.",
      },
      undefined,
      undefined,
    ],
    [
      { subject: "Your parcel", text: "Tracking code 1Z999AA10123456784. Delivery PIN on arrival." },
      undefined,
      undefined,
    ],
    [{ text: "Your postal code 10115 was changed. Order 482913." }, undefined, undefined],
    [{ text: "Your booking code is ABC123. See you on 5 May 2026." }, undefined, undefined],
    [{ text: "Welcome! Since 2019 we have helped 100000 people." }, undefined, undefined],
    [{ text: "Dial code 4930 for Berlin." }, undefined, undefined],
    [
      {
        from,
        text: "Confirm your email:\nhttps://acme.example/confirm?token=AbCdEf0123456789xyz\n\nUnsubscribe: https://acme.example/unsubscribe?token=AbCdEf0123456789xyz",
      },
      undefined,
      "https://acme.example/confirm?token=AbCdEf0123456789xyz",
    ],
    [
      {
        from,
        html: '<a href="https://app.acme.example/magic-link/AbCdEf0123456789xyz">Sign in to Acme</a><a href="https://acme.example/help">Help</a>',
      },
      undefined,
      "https://app.acme.example/magic-link/AbCdEf0123456789xyz",
    ],
    [
      { from, html: '<a href="https://acme-login.example/verify?token=AbCdEf0123456789xyz">Verify</a>' },
      undefined,
      undefined,
    ],
    [
      { from, html: '<a href="https://acme.example/reset-password/AbCdEf0123456789xyz">Passwort zurücksetzen</a>' },
      undefined,
      "https://acme.example/reset-password/AbCdEf0123456789xyz",
    ],
    [
      {
        from,
        html: '<p>Code: <b>482913</b> or <a href="https://acme.example/verify?code=482913&u=AbCdEf0123456789">confirm</a></p>',
      },
      "482913",
      "https://acme.example/verify?code=482913&u=AbCdEf0123456789",
    ],
  ])("%j", (mail, code, link) => {
    const found = extractVerification(mail);
    expect([found.code, found.link]).toEqual([code, link]);
  });
});
