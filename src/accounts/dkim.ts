import { createPrivateKey, type KeyObject } from "node:crypto";
import { EmailKitError } from "../errors.ts";
import type { DkimKey } from "../mail/compose.ts";

/** RFC 8301 section 3.2. */
const LEAST_BITS = 1024;

/**
 * Checks what an agent signs with, without looking into the DNS.
 * @throws EmailKitError `INVALID_CONFIG`, without anything of the key in it.
 */
export function readDkim(name: string, address: string, { domain, selector, privateKey }: DkimKey): DkimKey {
  const fail = (problem: string): never => {
    throw new EmailKitError("INVALID_CONFIG", `agents.${name}.dkim: ${problem}`);
  };
  const own = address.split("@")[1]!.toLowerCase();
  const signing = typeof domain === "string" ? domain.toLowerCase() : fail("domain is missing.");
  if (own !== signing && !own.endsWith(`.${signing}`)) {
    fail(`domain is ${JSON.stringify(domain)}, and ${address} is not below it: DMARC counts no such signature.`);
  }
  if (typeof selector !== "string" || !/^[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?(?:\.[a-z0-9_-]+)*$/i.test(selector)) {
    fail('selector is no label of a domain name, such as "mail2026".');
  }
  const key =
    readKey(privateKey) ?? fail("privateKey is no private key in PEM; give the text itself, not the path of a file.");
  if (key.asymmetricKeyType !== "rsa") fail(`privateKey is ${key.asymmetricKeyType}; nodemailer signs with RSA only.`);
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits < LEAST_BITS) fail(`privateKey has ${bits} bits; receivers ask for ${LEAST_BITS}, and 2048 are usual.`);
  return { domain: signing, selector, privateKey };
}

/** The error of `createPrivateKey` is left out: it may quote what it was given. */
function readKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}
