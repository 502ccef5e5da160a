import { describe, expect, it } from "vitest";
import { readAuthentication } from "../../src/mail/authentication-results.ts";
import type { MailHeader } from "../../src/mail/message.ts";
import { readHeaderFields } from "../../src/mail/header-fields.ts";

const IDS = ["mx.desk.example"];

/** A header section, with From last unless it has one. */
function mail(section: string, from = "ann@corp.example") {
  const headers: MailHeader[] = readHeaderFields(section.replaceAll("\n", "\r\n"));
  if (!headers.some(({ name }) => name === "from")) headers.push({ name: "from", value: from });
  return { headers, from: { address: from } };
}

function read(section: string, from?: string, ids: readonly string[] = IDS) {
  return readAuthentication(mail(section, from), ids);
}

function verdict(section: string, from?: string, ids?: readonly string[]) {
  return read(section, from, ids).verdict;
}

describe("readAuthentication", () => {
  it("reads a field of our own receiver, folded, with comments and property types", () => {
    const found = read(`Received: from out.corp.example (out.corp.example [192.0.2.7])
 by mx.desk.example (Postfix) with ESMTPS id 1; Mon, 2 Nov 2026 10:00:00 +0000
Authentication-Results: mx.desk.example (our "own" (border) host) 1;
 dkim=pass (2048-bit key; unprotected) reason="good signature; really"
  header.d=corp.example header.i=@corp.example header.s=s1 header.b=Abc123;
\tspf = pass (mx.desk.example: domain of ann@corp.example designates 192.0.2.7)
 smtp.mailfrom="ann@corp.example" smtp.helo=out.corp.example;
 dmarc=pass (p=REJECT sp=NONE dis=NONE) header.from=corp.example
Received: from [10.0.0.3] by out.corp.example; Mon, 2 Nov 2026 09:59:59 +0000`);
    expect(found).toEqual({
      dmarc: "pass",
      spf: { result: "pass", domain: "corp.example" },
      dkim: [{ result: "pass", domain: "corp.example", selector: "s1" }],
      verdict: "pass",
    });
  });

  it("trusts nothing where no id is configured", () => {
    expect(verdict("Authentication-Results: mx.desk.example; dmarc=pass header.from=corp.example", undefined, [])).toBe(
      "none",
    );
  });

  it("compares ids without regard to case, also quoted ones", () => {
    expect(verdict('Authentication-Results: "MX.Desk.Example"; dmarc=pass', undefined, ["mx.DESK.example"])).toBe(
      "pass",
    );
  });

  it.each([
    ["another id", "Authentication-Results: evil.example; dmarc=pass header.from=corp.example"],
    ["an id that only begins like ours", "Authentication-Results: mx.desk.example.evil.example; dmarc=pass"],
    ["our id in a comment", "Authentication-Results: evil.example (mx.desk.example); dmarc=pass"],
    ["our id in a second place", "Authentication-Results: evil.example mx.desk.example; dmarc=pass"],
    ["another version", "Authentication-Results: mx.desk.example 2; dmarc=pass"],
    ["another version of the method", "Authentication-Results: mx.desk.example; dmarc/2=pass"],
    ["no results", "Authentication-Results: mx.desk.example; none"],
    ["a comment that never ends", "Authentication-Results: mx.desk.example; (dmarc=pass"],
    ["the result in a comment", "Authentication-Results: mx.desk.example; dmarc=none (x; dmarc=pass)"],
    [
      "the result in a quoted value",
      'Authentication-Results: mx.desk.example; spf=none smtp.mailfrom="a;dmarc=pass;@b"',
    ],
    ["the result as a property", "Authentication-Results: mx.desk.example; spf=none smtp.dmarc=pass dmarc=pass"],
    [
      "the domain in a quoted local part",
      'Authentication-Results: mx.desk.example; spf=pass smtp.mailfrom="a@corp.example"@evil.example',
    ],
    ["a trace field of another kind", "ARC-Authentication-Results: i=1; mx.desk.example; dmarc=pass"],
  ])("forged or unusable: %s", (_name, field) => {
    expect(verdict(field)).toBe("none");
  });

  it("takes nothing below what the sender can have written", () => {
    const forged = "Authentication-Results: mx.desk.example; dmarc=pass header.from=corp.example";
    const ours = "Received: from a.evil.example by mx.desk.example; Mon, 2 Nov 2026 10:00:00 +0000";
    expect(verdict(`${ours}\n${forged}`)).toBe("pass");
    expect(verdict(`${ours}\nReceived: from x by relay.evil.example; Mon, 2 Nov 2026\n${forged}`)).toBe("none");
    expect(verdict(`${ours}\nSubject: hi\n${forged}`)).toBe("none");
    expect(verdict(`${ours}\nDKIM-Signature: v=1; d=evil.example\n${forged}`)).toBe("none");
    expect(verdict(`From: ann@corp.example\n${forged}`)).toBe("none");
  });

  it("takes the topmost run of our fields only", () => {
    const below = "Authentication-Results: mx.desk.example; dmarc=pass header.from=corp.example";
    const honest = "Authentication-Results: mx.desk.example; spf=none smtp.mailfrom=evil.example";
    expect(verdict(`${honest}\nAuthentication-Results: evil.example; dkim=pass\n${below}`)).toBe("none");
    // Two filters of one receiver write a field each.
    const signature = "Authentication-Results: mx.desk.example; dkim=pass header.d=corp.example";
    expect(read(`${signature}\nReceived-SPF: Pass\n${below}`)).toMatchObject({ dmarc: "pass", verdict: "pass" });
    // A later hop of the same house may have its own id.
    expect(verdict(`Authentication-Results: filter.example; iprev=pass\n${below}`)).toBe("pass");
  });

  it("finds the field below the hand-overs of a large provider", () => {
    const section = `Delivered-To: desk@gmail.example
Received: by 2002:a05:7208:c0d0:b0:99 with SMTP id x; Mon, 2 Nov 2026 10:00:01 -0800 (PST)
X-Received: by 2002:a17:906:1 with SMTP id y; Mon, 2 Nov 2026 10:00:01 -0800 (PST)
Return-Path: <ann@corp.example>
Received: from out.corp.example (out.corp.example. [192.0.2.7]) by mx.google.com with ESMTPS id z
Received-SPF: pass (google.com: domain of ann@corp.example designates 192.0.2.7 as permitted sender)
Authentication-Results: mx.google.com; dkim=pass header.i=@corp.example header.s=k; spf=pass smtp.mailfrom=ann@corp.example; dmarc=pass (p=NONE) header.from=corp.example`;
    expect(read(section, undefined, ["mx.google.com"])).toMatchObject({
      dkim: [{ result: "pass", domain: "corp.example", selector: "k" }],
      verdict: "pass",
    });
  });

  it('reads fields without an id only where `""` is configured', () => {
    const field =
      "Authentication-Results: spf=pass (sender IP is 192.0.2.7) smtp.mailfrom=corp.example; dkim=pass (signature was verified) header.d=corp.example;dmarc=pass action=none header.from=corp.example;compauth=pass reason=100";
    expect(verdict(field)).toBe("none");
    expect(read(field, undefined, [""])).toMatchObject({
      dmarc: "pass",
      spf: { domain: "corp.example" },
      verdict: "pass",
    });
  });

  it.each([
    ["DMARC says pass", "dmarc=pass header.from=corp.example; spf=fail smtp.mailfrom=x@corp.example", "pass"],
    ["DMARC says fail", "dmarc=fail (p=none) header.from=corp.example; dkim=pass header.d=corp.example", "fail"],
    ["DMARC says both", "dmarc=pass header.from=corp.example; dmarc=fail header.from=corp.example", "fail"],
    ["DMARC says pass and something else", "dmarc=pass; dmarc=none", "none"],
    ["DMARC could not be judged", "dmarc=temperror; dkim=pass header.d=corp.example", "none"],
    ["an aligned signature", "dkim=fail header.d=x.example; dkim=pass header.d=corp.example", "pass"],
    ["a signature of a top-level domain", "dkim=pass header.d=example", "none"],
    ["a signature of a subdomain", "dkim=pass header.d=mail.corp.example", "pass"],
    ["a signature of a stranger", "dkim=pass header.d=evil.example", "none"],
    ["a name that only ends alike", "dkim=pass header.d=evilcorp.example", "none"],
    ["a broken signature counts as none", "dkim=fail header.d=corp.example", "none"],
    ["aligned SPF", "spf=pass smtp.mailfrom=bounce@m.corp.example", "pass"],
    ["SPF of another domain", "spf=pass smtp.mailfrom=a@evil.example", "none"],
    ["SPF of HELO only", "spf=pass smtp.helo=corp.example", "none"],
    ["SPF disowns the sender", "spf=fail smtp.mailfrom=ann@corp.example", "fail"],
    [
      "SPF disowns a forwarder of a signed mail",
      "spf=fail smtp.mailfrom=ann@corp.example; dkim=pass header.d=corp.example",
      "pass",
    ],
    ["a verdict on another From than the one that is read", "dmarc=pass header.from=evil.example", "fail"],
    ["no verdict, but on another From", "dmarc=none header.from=nobody.example", "fail"],
    ["a verdict on the domain above", "dmarc=pass header.from=sub.corp.example", "none"],
    ["SPF of a quoted local part", 'spf=pass smtp.mailfrom="a b"@corp.example', "pass"],
    ["SPF is unsure", "spf=softfail smtp.mailfrom=ann@corp.example", "none"],
  ])("%s", (_name, results, expected) => {
    expect(verdict(`Authentication-Results: mx.desk.example; ${results}`)).toBe(expected);
  });

  it("accepts no registry as a parent, and no siblings", () => {
    const signed = (domain: string) => `Authentication-Results: mx.desk.example; dkim=pass header.d=${domain}`;
    expect(verdict(signed("co.uk"), "ann@corp.co.uk")).toBe("none");
    expect(verdict(signed("uk"), "ann@corp.uk")).toBe("none");
    expect(verdict(signed("evil.co.uk"), "ann@corp.co.uk")).toBe("none");
    expect(verdict(signed("corp.co.uk"), "ann@mail.corp.co.uk")).toBe("pass");
  });

  it("compares international names in ASCII", () => {
    expect(
      verdict(
        "Authentication-Results: mx.desk.example; dmarc=pass header.from=bücher.example",
        "a@xn--bcher-kva.example",
      ),
    ).toBe("pass");
  });

  it("never passes a mail with two From fields or none", () => {
    const field = "Authentication-Results: mx.desk.example; dmarc=pass header.from=corp.example";
    expect(verdict(`${field}\nFrom: ann@corp.example\nFrom: eve@evil.example`)).toBe("none");
    expect(readAuthentication({ headers: readHeaderFields(field) }, IDS).verdict).toBe("none");
  });

  it("reads a hostile field in linear time", () => {
    const started = performance.now();
    for (const part of ["(", "a=", '"', ";", "\\", "a.b=c ", "dkim=pass/"]) {
      read(`Authentication-Results: mx.desk.example; ${part.repeat(60_000 / part.length)}`);
      read(`Authentication-Results: mx.desk.example; ${part.repeat(16_000 / part.length)}`);
    }
    expect(performance.now() - started).toBeLessThan(1500);
  });
});
