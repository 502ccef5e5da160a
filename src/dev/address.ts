/** An address as the server reads it (RFC 5321 section 4.1.2): `local+subaddress@domain`. */
export interface AddressParts {
  /** Without the subaddress, as written. */
  local: string;
  /** What stands after the first `+` (RFC 5233), as written. */
  subaddress?: string;
  /** In lower case. */
  domain: string;
}

/** `undefined` where the text is no `local@domain`. */
export function splitAddress(address: string): AddressParts | undefined {
  const at = address.lastIndexOf("@");
  if (at < 1 || at === address.length - 1) return undefined;
  const written = address.slice(0, at);
  const domain = address.slice(at + 1).toLowerCase();
  const plus = written.indexOf("+");
  if (plus < 1) return { local: written, domain };
  return { local: written.slice(0, plus), subaddress: written.slice(plus + 1), domain };
}

/** The address under which an account is kept: lower case, no subaddress. */
export function accountAddress(address: string): string {
  const parts = splitAddress(address);
  return parts ? `${parts.local}@${parts.domain}`.toLowerCase() : address.toLowerCase();
}

/** The bare addresses in a header field's value, in order. Comments and display names are dropped. */
export function addressesIn(value: string): string[] {
  return parseAddressList(value).flatMap((entry) => (entry.kind === "mailbox" && entry.address ? [entry.address] : []));
}

/** One element of an address list (RFC 5322 section 3.4); a group is bracketed by its start and end. */
export type AddressEntry =
  | { kind: "mailbox"; name?: string; address: string }
  | { kind: "groupStart"; name: string }
  | { kind: "groupEnd" };

/** Reads what real mails hold, and gives up on nothing: unreadable stretches become an address as they stand. */
export function parseAddressList(value: string): AddressEntry[] {
  const entries: AddressEntry[] = [];
  let words: string[] = [];
  let angle: string | undefined;
  let inGroup = false;

  const finish = () => {
    const text = words.join(" ").trim();
    words = [];
    if (angle !== undefined) {
      const name = text || undefined;
      entries.push({ kind: "mailbox", ...(name ? { name } : {}), address: angle.trim() });
    } else if (text) {
      entries.push({ kind: "mailbox", address: text.replace(/\s*([@.])\s*/g, "$1") });
    }
    angle = undefined;
  };

  for (const token of lexAddresses(value)) {
    if (token.kind === "quoted" || token.kind === "text") words.push(token.value);
    else if (token.kind === "angle") angle = token.value;
    else if (token.kind === "comma") finish();
    else if (token.kind === "colon") {
      entries.push({ kind: "groupStart", name: words.join(" ").trim() });
      words = [];
      inGroup = true;
    } else {
      finish();
      if (inGroup) entries.push({ kind: "groupEnd" });
      inGroup = false;
    }
  }
  finish();
  if (inGroup) entries.push({ kind: "groupEnd" });
  return entries;
}

type AddressToken = { kind: "quoted" | "text" | "angle"; value: string } | { kind: "comma" | "colon" | "semicolon" };

function* lexAddresses(value: string): Generator<AddressToken> {
  let at = 0;
  while (at < value.length) {
    const char = value.charAt(at);
    if (char === '"') {
      let text = "";
      for (at += 1; at < value.length && value[at] !== '"'; at += 1) {
        if (value[at] === "\\") at += 1;
        text += value[at] ?? "";
      }
      at += 1;
      // A quoted local part keeps its quotes: without them it is another address.
      yield value[at] === "@" ? { kind: "text", value: `"${text}"` } : { kind: "quoted", value: text };
    } else if (char === "(") {
      let depth = 0;
      do {
        if (value[at] === "\\") at += 1;
        else if (value[at] === "(") depth += 1;
        else if (value[at] === ")") depth -= 1;
        at += 1;
      } while (at < value.length && depth > 0);
    } else if (char === "<") {
      const end = value.indexOf(">", at);
      yield { kind: "angle", value: value.slice(at + 1, end < 0 ? undefined : end) };
      at = end < 0 ? value.length : end + 1;
    } else if (char === "," || char === ":" || char === ";") {
      yield { kind: char === "," ? "comma" : char === ":" ? "colon" : "semicolon" };
      at += 1;
    } else if (/\s/.test(char)) {
      at += 1;
    } else {
      const start = at;
      while (at < value.length && !/[\s"(<,:;]/.test(value.charAt(at))) at += 1;
      yield { kind: "text", value: value.slice(start, at) };
    }
  }
}
