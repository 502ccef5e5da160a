import { domainToASCII, domainToUnicode } from "node:url";
import { EmailKitError } from "../errors.ts";
import type { MailAddress } from "./message.ts";

/** RFC 5321 section 4.5.3.1.1, in octets. */
const LOCAL_PART_LIMIT = 64;
/** RFC 5321 section 4.5.3.1.3: a path has 256 octets, of which two are angle brackets. */
const ADDRESS_LIMIT = 254;

// RFC 5322 section 3.2.3, with the non-ASCII characters of RFC 6532.
const DOT_ATOM =
  /^[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~\u0080-\u{10ffff}]+(?:\.[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~\u0080-\u{10ffff}]+)*$/u;
const QUOTED_STRING = /^"(?:[^"\\]|\\.)*"$/;
const DOMAIN = /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_](?:[a-z0-9_-]{0,62}))*$/;
const DOMAIN_LITERAL = /^\[[A-Za-z0-9:.]{1,64}\]$/;
const CONTROL = /[\p{Cc}\u2028\u2029]/u;
const DETAIL = /^[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~.]+$/;

/**
 * Reads one address: `local@domain`, `<local@domain>` or `Name <local@domain>`. The domain comes back in lower case and ASCII (IDNA).
 * Throws `INVALID_ADDRESS` for anything else: several addresses, a missing domain, control characters, a local part over 64 octets.
 */
export function parseAddress(input: string | MailAddress): MailAddress {
  if (typeof input !== "string") {
    if (typeof input?.address !== "string") throw invalid("", "give a string or { address, name }");
    const { address } = parseAddress(input.address);
    const name = input.name?.trim();
    if (name === undefined || name === "") return { address };
    if (CONTROL.test(name)) throw invalid(name, "remove the control characters from the display name");
    return { address, name };
  }
  if (CONTROL.test(input)) throw invalid(input, "remove the line breaks and control characters");
  const { name, spec } = splitNameAndSpec(input.trim());
  const address = parseSpec(spec);
  return name === undefined ? { address } : { address, name };
}

/** The address as it stands in a header field, before the encoding of non-ASCII names: `"Desk, Sales" <desk@a.example>`. */
export function formatAddress(address: MailAddress): string {
  const { address: spec, name } = parseAddress(address);
  if (name === undefined) return spec;
  const plain = /^[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~ \u0080-\u{10ffff}]+$/u.test(name);
  return plain ? `${name} <${spec}>` : `"${name.replace(/["\\]/g, "\\$&")}" <${spec}>`;
}

/** Whether two addresses name the same mailbox, as far as one can tell from outside: without regard to case. */
export function sameAddress(a: string, b: string): boolean {
  return canonicalAddress(a) === canonicalAddress(b);
}

/**
 * Adds a subaddress (RFC 5233): `desk@a.example` and `t7` become `desk+t7@a.example`.
 * Throws `INVALID_ADDRESS` where the local part would pass 64 octets, or `detail` holds more than the characters of an atom.
 */
export function subaddress(address: string, detail: string): string {
  if (!DETAIL.test(detail))
    throw invalid(detail, "a subaddress may hold letters, digits and the signs of an atom only");
  const [local, domain] = splitAtDomain(parseAddress(address).address);
  const extended = local.endsWith('"') ? `${local.slice(0, -1)}+${detail}"` : `${local}+${detail}`;
  if (Buffer.byteLength(extended) > LOCAL_PART_LIMIT) {
    throw invalid(
      address,
      `with the subaddress its local part passes ${LOCAL_PART_LIMIT} octets; use a shorter mailbox name`,
    );
  }
  return `${extended}@${domain}`;
}

/** Takes a subaddress off: `base` is the address without it. The first `+` that is not the first character counts (RFC 5233). */
export function splitSubaddress(address: string): { base: string; detail?: string } {
  const at = address.lastIndexOf("@");
  const local = at < 0 ? address : address.slice(0, at);
  const domain = at < 0 ? "" : address.slice(at);
  const quoted = local.length > 2 && local.startsWith('"') && local.endsWith('"');
  const plus = local.indexOf("+", quoted ? 2 : 1);
  if (plus < 0) return { base: address };
  const end = quoted ? local.length - 1 : local.length;
  return { base: `${local.slice(0, plus)}${quoted ? '"' : ""}${domain}`, detail: local.slice(plus + 1, end) };
}

/**
 * Whether an address fits a pattern: an address, `*@domain` (that domain only) or `*@*.domain` (its subdomains, at any depth, and not itself).
 * Without regard to case. Any other use of `*` matches nothing.
 */
export function matchesAddress(pattern: string, address: string): boolean {
  const wanted = canonicalAddress(pattern);
  const given = canonicalAddress(address);
  const domain = given.slice(given.lastIndexOf("@") + 1);
  if (!given.includes("@")) return false;
  if (wanted.startsWith("*@*.")) {
    const suffix = wanted.slice(3);
    return suffix.length > 1 && domain.length > suffix.length && domain.endsWith(suffix);
  }
  if (wanted.startsWith("*@")) return domain === wanted.slice(2);
  return wanted === given;
}

/** Whether a string is exactly one usable `local@domain`. Never throws. */
export function isAddress(value: string): boolean {
  return typeof readSpec(value) === "string";
}

/** The form in which addresses are compared: lower case, without quotes that are not needed, the domain in ASCII, a subaddress kept. */
export function canonicalAddress(address: string): string {
  const trimmed = lowerCase(address.trim());
  const at = trimmed.lastIndexOf("@");
  if (at < 0) return trimmed;
  const local = trimmed.slice(0, at);
  // RFC 5321 section 4.1.2: `"board"@a.example` is the mailbox `board@a.example`.
  const bare = QUOTED_STRING.test(local) ? unquoted(local) : local;
  const ascii = domainInAscii(trimmed.slice(at + 1));
  return `${DOT_ATOM.test(bare) ? bare : local}@${ascii.endsWith(".") ? ascii.slice(0, -1) : ascii}`;
}

/** Keeps the sign of the kelvin, which alone beyond ASCII has a letter of ASCII as its lower case, and so would make another mailbox the same. */
function lowerCase(text: string): string {
  return text.replace(/[^\u212a]+/g, (part) => part.toLowerCase());
}

function unquoted(text: string): string {
  return text.slice(1, -1).replace(/\\(.)/g, "$1");
}

function splitNameAndSpec(input: string): { name?: string; spec: string } {
  if (!input.endsWith(">")) return { spec: input };
  const open = input.lastIndexOf("<");
  if (open < 0) throw invalid(input, "write it as local@domain or Name <local@domain>");
  const spec = input.slice(open + 1, -1).trim();
  const phrase = input.slice(0, open).trim();
  if (phrase === "") return { spec };
  if (QUOTED_STRING.test(phrase)) {
    const name = unquoted(phrase).trim();
    return name === "" ? { spec } : { name, spec };
  }
  // An unquoted special here would let one string name more than one mailbox (RFC 5322 section 3.4).
  if (/[<>@,;:"\\]/.test(phrase)) throw invalid(input, "give a single address, and put a name with signs in quotes");
  return { name: phrase, spec };
}

function splitAtDomain(address: string): [local: string, domain: string] {
  const at = address.lastIndexOf("@");
  return [address.slice(0, at), address.slice(at + 1)];
}

function parseSpec(spec: string): string {
  const read = readSpec(spec);
  if (typeof read === "string") return read;
  throw invalid(spec, read.advice);
}

/** An address with its domain in ASCII, or what is wrong with it. */
function readSpec(spec: string): string | { advice: string } {
  const [local, rawDomain] = splitAtDomain(spec);
  if (!spec.includes("@") || local === "" || rawDomain === "") return { advice: "write it as local@domain" };
  if (/\p{Cs}/u.test(spec) || CONTROL.test(spec) || spec.trim() !== spec) {
    return { advice: "it holds a control character or half a character, or begins or ends with a space" };
  }
  if (!DOT_ATOM.test(local) && !QUOTED_STRING.test(local)) {
    return { advice: "give a single address as local@domain; a local part with other signs must be quoted" };
  }
  if (Buffer.byteLength(local) > LOCAL_PART_LIMIT) {
    return { advice: `the part before the @ may have ${LOCAL_PART_LIMIT} octets (RFC 5321 section 4.5.3.1.1)` };
  }
  const isLiteral = DOMAIN_LITERAL.test(rawDomain);
  const domain = isLiteral ? rawDomain : domainInAscii(lowerCase(rawDomain));
  if (!isLiteral && !DOMAIN.test(domain)) return { advice: "the part after the @ is no domain name" };
  const address = `${local}@${domain}`;
  return Buffer.byteLength(address) > ADDRESS_LIMIT ? { advice: `it may have ${ADDRESS_LIMIT} octets` } : address;
}

/**
 * An internationalised domain in lower case in ASCII (IDNA), and any other as it is.
 * Node reads its argument as the authority of a URL, and would drop what follows a `/`, `?` or `#`: a domain with such a sign stays as it is.
 * So does one that merely looks like another, by wide letters or such as cannot be seen: RFC 5891 section 5.3 takes no such label, and who looks it up as it is written finds nobody.
 */
export function domainInAscii(domain: string): string {
  if (!/[^\p{ASCII}]/u.test(domain) || /[^A-Za-z0-9._\-\u0080-\u{10ffff}]/u.test(domain)) return domain;
  const labels = domain.normalize("NFC").split(".");
  const ascii = labels.map((label) => domainToASCII(label));
  return labels.every((label, i) => label === ascii[i] || label === domainToUnicode(ascii[i]!))
    ? ascii.join(".")
    : domain;
}

function invalid(input: string, advice: string): EmailKitError {
  const shown = JSON.stringify(input.length > 80 ? `${input.slice(0, 80)}…` : input);
  return new EmailKitError("INVALID_ADDRESS", `${shown} is not a usable address: ${advice}.`);
}
