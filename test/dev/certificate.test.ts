import { createPrivateKey, X509Certificate } from "node:crypto";
import { expect, test } from "vitest";
import { createCertificate } from "../../src/dev/certificate.ts";

test("a certificate that is its own authority, for this machine, for ten years", () => {
  const now = Date.UTC(2026, 10, 17);
  const { cert, key } = createCertificate({ hostname: "mail.localhost", now });
  const certificate = new X509Certificate(cert);
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  expect(certificate.checkIssued(certificate)).toBe(true);
  expect(certificate.ca).toBe(true);
  expect(certificate.checkPrivateKey(createPrivateKey(key))).toBe(true);
  expect(certificate.checkHost("localhost")).toBe("localhost");
  expect(certificate.checkHost("mail.localhost")).toBe("mail.localhost");
  expect(certificate.checkHost("other.example")).toBeUndefined();
  expect(certificate.checkIP("127.0.0.1")).toBe("127.0.0.1");
  expect(certificate.checkIP("::1")).toBe("::1");
  expect(certificate.validFromDate.getTime()).toBe(now - 86_400_000);
  expect(certificate.validToDate.getTime()).toBe(now + 3650 * 86_400_000);
});

test("years from 2050 on are written in full", () => {
  const { cert } = createCertificate({ hostname: "h", now: Date.UTC(2048, 0, 1) });
  expect(new X509Certificate(cert).validToDate.getUTCFullYear()).toBe(2057);
});
