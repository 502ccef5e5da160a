import { domainInAscii } from "./address.ts";
import { type AuthenticationResultsField, parseAuthenticationResults } from "./authentication-results-field.ts";
import type { MailHeader, MailMessage } from "./message.ts";

/** A result word of RFC 8601 section 2.7 in lower case (`pass`, `fail`, `softfail`, `none`, `temperror`, …), as the receiver wrote it. */
export type AuthenticationResult = string;

/** What our own receiver found out about the sender of a mail (RFC 8601). */
export interface Authentication {
  /** `none` where no trusted field speaks of DMARC. */
  dmarc: AuthenticationResult;
  /** Of MAIL FROM: `domain` is that of the reverse path. */
  spf: { result: AuthenticationResult; domain?: string };
  /** One for each signature; `domain` is the signer's (`header.d`, else the domain of `header.i`). */
  dkim: { result: AuthenticationResult; domain?: string; selector?: string }[];
  /**
   * Whether the domain of the From address stands behind the mail. `fail`: DMARC failed, or the domain's SPF record disowns the sender and no aligned signature holds.
   * `none`: nobody whom we trust has said.
   */
  verdict: "pass" | "fail" | "none";
}

/**
 * Reads the Authentication-Results fields that our own receiver wrote; without a configured id nothing is trusted.
 *
 * Receivers prepend. A field counts only above everything that the sender can have written: above the first field of the mail itself (From, Date, Subject,
 * DKIM-Signature, …), above a Received field of a host that is not ours, and not below a field of another id once one of ours was seen. Ours is the topmost Received,
 * and each whose `by` host is in the same domain as that one or as a configured id, or that tells of a hand-over inside a system. Where several fields speak, the worst word on DMARC counts, and the topmost on the rest.
 *
 * A receiver that neither writes such fields nor strips those that bear its id (RFC 8601 section 5) lets a sender forge them: configure only an id whose receiver does.
 *
 * Alignment is DMARC's where the receiver judged it. Where it did not, a domain is aligned that is equal to From's, or its parent or child; siblings
 * (`a.corp.example`, `b.corp.example`) are not, since without a list of public suffixes they cannot be told from two customers of one registry.
 *
 * @param authservIds Ids of our receivers, such as `mx.google.com`, without regard to case. `""` stands for fields without an id, as Exchange Online writes them.
 */
export function readAuthentication(
  message: Pick<MailMessage, "headers" | "from">,
  authservIds: readonly string[],
): Authentication {
  const ids = new Set(authservIds.map((id) => id.trim().toLowerCase()));
  const results = trustedFields(message.headers, ids).flatMap((field) => field.results);
  const from = domainOf(message.from?.address);
  const found: Authentication = { dmarc: "none", spf: { result: "none" }, dkim: [], verdict: "none" };

  const dmarc = results.filter(({ method }) => method === "dmarc");
  const judged = dmarc.map(({ result, properties }) => {
    const of = domainOf(properties.get("header.from"));
    if (of === undefined || of === from || result === "fail") return result;
    // The receiver has read another author in the From field than is read here: the field is made to say two things.
    return from === undefined || aligned(of, from) ? "none" : "fail";
  });
  found.dmarc = judged.includes("fail") ? "fail" : agreed(judged);

  const spf = results.find(({ method }) => method === "spf");
  if (spf) {
    const domain = domainOf(spf.properties.get("smtp.mailfrom") ?? spf.properties.get("smtp.mail"));
    found.spf = { result: spf.result, ...(domain !== undefined && { domain }) };
  }
  for (const { result, properties } of results.filter(({ method }) => method === "dkim")) {
    const domain = domainOf(properties.get("header.d") ?? properties.get("header.i"));
    const selector = properties.get("header.s");
    found.dkim.push({ result, ...(domain !== undefined && { domain }), ...(selector !== undefined && { selector }) });
  }
  found.verdict = from === undefined || severalSenders(message.headers) ? withoutSender(found) : verdictOn(from, found);
  return found;
}

/** `pass` counts only where every field of ours says so. */
function agreed(results: readonly string[]): string {
  const [first = "none"] = results;
  return results.every((result) => result === first) ? first : (results.find((result) => result !== "pass") ?? first);
}

function verdictOn(from: string, { dmarc, spf, dkim }: Authentication): Authentication["verdict"] {
  if (dmarc === "pass" || dmarc === "fail") return dmarc;
  // The receiver meant to judge and could not: what it would have said is not for us to guess.
  if (dmarc === "temperror" || dmarc === "permerror") return "none";
  if (dkim.some(({ result, domain }) => result === "pass" && aligned(domain, from))) return "pass";
  if (!aligned(spf.domain, from)) return "none";
  // RFC 7208 section 2.6.4: only `fail` is an explicit statement that the client may not send for the domain.
  return spf.result === "pass" || spf.result === "fail" ? spf.result : "none";
}

/** RFC 7489 section 6.6.1: who has no From address, or several, is nobody in particular. */
function withoutSender({ dmarc }: Authentication): Authentication["verdict"] {
  return dmarc === "fail" ? "fail" : "none";
}

function severalSenders(headers: readonly MailHeader[]): boolean {
  return headers.filter(({ name }) => name === "from").length > 1;
}

/** Fields that the sender of a mail writes, and no receiver. */
const WRITTEN_BY_SENDER = new Set(
  "from sender reply-to to cc bcc subject date message-id in-reply-to references mime-version content-type content-transfer-encoding dkim-signature user-agent x-mailer".split(
    " ",
  ),
);

function trustedFields(headers: readonly MailHeader[], ids: ReadonlySet<string>): AuthenticationResultsField[] {
  const trusted: AuthenticationResultsField[] = [];
  const homes = [...ids].filter((id) => id !== "");
  let topmost = true;
  for (const { name, value } of headers) {
    if (WRITTEN_BY_SENDER.has(name)) break;
    if (name === "received") {
      const by = receivedBy(value);
      if (topmost) {
        if (by !== undefined && by.includes(".")) homes.push(by);
      } else if (!isOurs(by, value, homes)) break;
      topmost = false;
    } else if (name === "authentication-results") {
      const field = parseAuthenticationResults(value);
      if (field !== undefined && ids.has(field.authservId)) trusted.push(field);
      else if (trusted.length > 0) break;
    }
  }
  return trusted;
}

/** RFC 5321 section 4.4: the host that wrote a Received field. */
function receivedBy(value: string): string | undefined {
  return /(?:^|\s)by\s+([^\s;()]+)/i.exec(value.slice(0, 2000))?.[1]?.toLowerCase();
}

function isOurs(by: string | undefined, value: string, homes: readonly string[]): boolean {
  if (by === undefined) return false;
  // Google's own relays leave the `from` clause out and give an address as their name.
  const insideOneSystem =
    !/^\s*from\s/i.test(value) || !by.includes(".") || /\.(?:internal|local|localhost|localdomain)$/.test(by);
  return insideOneSystem || homes.some((home) => aligned(by, home) || aligned(parentOf(by), parentOf(home)));
}

function parentOf(domain: string): string | undefined {
  const parent = domain.slice(domain.indexOf(".") + 1);
  return parent.includes(".") ? parent : undefined;
}

/** Second labels below which registries of countries sell names: `co.uk` is nobody's parent. */
const REGISTRY_LABELS = new Set([
  "ac",
  "co",
  "com",
  "edu",
  "go",
  "gob",
  "gov",
  "gouv",
  "ne",
  "net",
  "nom",
  "or",
  "org",
]);

function aligned(domain: string | undefined, from: string | undefined): boolean {
  if (domain === undefined || from === undefined) return false;
  if (domain === from) return true;
  const [shorter, longer] = domain.length < from.length ? [domain, from] : [from, domain];
  if (!longer.endsWith(`.${shorter}`)) return false;
  const labels = shorter.split(".");
  const registry = labels.length === 2 && labels[1]?.length === 2 && REGISTRY_LABELS.has(labels[0] ?? "");
  return labels.length >= 2 && !registry;
}

/** The domain of `local@domain`, `@domain` or `domain`, in lower case and ASCII. */
function domainOf(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  const domain = value
    .slice(value.lastIndexOf("@") + 1)
    .replace(/[<>]/g, "")
    .replace(/\.$/, "")
    .toLowerCase();
  if (domain === "") return undefined;
  return domainInAscii(domain);
}
