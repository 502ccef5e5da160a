import { addressesIn, splitAddress } from "./address.ts";
import type { Faults } from "./faults.ts";
import { formatDate } from "./format-date.ts";
import { fieldValue, headerFields, replaceFields, withoutFields } from "./header.ts";
import type { SubmittedMail } from "./smtp.ts";

/** What a submission server adds where the sender left it out (RFC 6409 section 8). */
export function completeMail(raw: Buffer, options: { now: number; queueId: string; hostname: string }): Buffer {
  const fields = headerFields(raw);
  const missing =
    (fieldValue(fields, "date") === undefined ? `Date: ${formatDate(options.now)}\r\n` : "") +
    (fieldValue(fields, "message-id") === undefined ? `Message-ID: <${options.queueId}@${options.hostname}>\r\n` : "");
  return missing ? Buffer.concat([Buffer.from(missing), raw]) : raw;
}

/** Puts the server's own Message-ID in place of the sender's, and keeps the old one in the field that Exchange uses for it. */
export function rewriteMessageId(raw: Buffer, messageId: string): Buffer {
  return replaceFields(raw, (field) =>
    field.name === "message-id"
      ? `Message-ID: ${messageId}\r\nX-Microsoft-Original-Message-ID: ${field.value}\r\n`
      : undefined,
  );
}

const ADDRESS_FIELDS = new Set(["to", "cc", "reply-to"]);

/** An address as a server with these faults passes it on. */
export function damageAddress(address: string, faults: Faults): string {
  const parts = splitAddress(address);
  if (!parts) return address;
  const subaddress = faults.stripSubaddress || parts.subaddress === undefined ? "" : `+${parts.subaddress}`;
  const whole = `${parts.local}${subaddress}@${parts.domain}`;
  return faults.lowercaseAddresses ? whole.toLowerCase() : whole;
}

/** The mail with the addresses of its fields passed on likewise. */
export function damageAddressFields(raw: Buffer, faults: Faults): Buffer {
  if (!faults.stripSubaddress && !faults.lowercaseAddresses) return raw;
  return replaceFields(raw, (field) => {
    if (!ADDRESS_FIELDS.has(field.name)) return undefined;
    let text = raw.toString("utf8", field.start, field.end);
    for (const address of addressesIn(field.value)) text = text.replaceAll(address, damageAddress(address, faults));
    return text;
  });
}

export interface Trace {
  submission: Pick<SubmittedMail, "queueId" | "reversePath" | "client" | "user">;
  recipient: string;
  hostname: string;
  now: number;
}

/**
 * A recipient's copy: Return-Path and Received (RFC 5321 section 4.4), Delivered-To, and what this server found out about the sender (RFC 8601).
 * Fields of the same kind that only a receiver may write are taken out of the mail first.
 */
export function withTrace(raw: Buffer, { submission, recipient, hostname, now }: Trace): Buffer {
  const { queueId, reversePath, client } = submission;
  const authservId = hostname.toLowerCase();
  const clean = withoutFields(
    raw,
    (field) =>
      field.name === "return-path" ||
      // RFC 8601 section 5: results that bear our own name, and are not ours, are forged.
      (field.name === "authentication-results" && field.value.split(/[\s;]/, 1)[0]?.toLowerCase() === authservId),
  );
  const fields = [
    `Return-Path: <${reversePath}>`,
    `Delivered-To: ${recipient}`,
    `Authentication-Results: ${authenticationResults(clean, { submission, recipient, hostname, now })}`,
    `Received: from ${oneWord(client.name)} (${oneWord(client.name)} [${client.address}])`,
    `\tby ${hostname} (langgraph-email dev) with ${client.protocol} id ${queueId}`,
    `\tfor <${recipient}>; ${formatDate(now)}`,
  ];
  return Buffer.concat([Buffer.from(`${fields.join("\r\n")}\r\n`), clean]);
}

/** As an honest provider would judge: whoever signed in may write in the name of that account's domain. */
function authenticationResults(raw: Buffer, { submission, hostname }: Trace): string {
  const domainOf = (address: string | undefined) => splitAddress(address ?? "")?.domain;
  const from = domainOf(addressesIn(fieldValue(headerFields(raw), "from") ?? "")[0]);
  const own = domainOf(submission.user);
  // A sender that did not sign in is a stranger, of whom nothing is known.
  const dmarc = own === undefined ? "none" : own === from ? "pass" : "fail";
  return [
    hostname,
    `spf=${own !== undefined && own === domainOf(submission.reversePath) ? "pass" : "none"} smtp.mailfrom=${submission.reversePath || "<>"}`,
    `dmarc=${dmarc} header.from=${from ?? "unknown"}`,
  ].join(";\r\n\t");
}

/** A client's name for itself, made safe for a field. */
function oneWord(text: string): string {
  return text.replace(/[^\w.:[\]-]/g, "_").slice(0, 100) || "unknown";
}
