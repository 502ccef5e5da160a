import { createRequire } from "node:module";
import { EmailKitError } from "../errors.ts";
import type { SenderVerifier } from "../policy/inbound.ts";

/** Looks a name up in DNS, as `dns.promises.resolve` does. */
export type DnsResolver = (name: string, type: string) => Promise<string[] | string[][]>;

/**
 * Verifies senders by their DKIM signatures (RFC 6376) with the package `mailauth`: "pass" where one is valid whose domain is aligned with From, as DMARC has it
 * (RFC 7489 section 3.1.1, relaxed). It never says "fail": SPF cannot be known after delivery, so that a mail without a good signature is merely not proven.
 * @param options.resolver Default: that of the system.
 * @throws EmailKitError `INVALID_CONFIG` where `mailauth` is not installed.
 */
export function mailauthVerifier(options: { resolver?: DnsResolver } = {}): SenderVerifier {
  try {
    createRequire(import.meta.url).resolve("mailauth");
  } catch (cause) {
    notInstalled(cause);
  }
  return async (raw) => {
    const { dkimVerify } = await import("mailauth").catch(notInstalled);
    const { results, headerFrom } = await dkimVerify(Buffer.from(raw), options);
    // RFC 6376 section 8.2: below the part that `l=` has signed, anybody may have written what is read.
    const aligned = results.some(
      ({ status, canonBodyLength, canonBodyLengthTotal }) =>
        status.result === "pass" && Boolean(status.aligned) && canonBodyLength === canonBodyLengthTotal,
    );
    // With two From fields, the one that is signed need not be the one that is read.
    return aligned && headerFrom.length === 1 ? "pass" : "none";
  };
}

function notInstalled(cause: unknown): never {
  const message = "Senders are verified with the package mailauth, which is not installed: npm install mailauth.";
  throw new EmailKitError("INVALID_CONFIG", message, { cause });
}
