/** Mailbox names on the wire are in modified UTF-7 (RFC 3501 section 5.1.3). */
export function encodeMailboxName(name: string): string {
  return name.replaceAll("&", "&-").replace(/[^\x20-\x7e]+/g, (run) => {
    const bytes = Buffer.from(run, "utf16le").swap16();
    return `&${bytes.toString("base64").replace(/=+$/, "").replaceAll("/", ",")}-`;
  });
}

/** Names that are UTF-8 already are taken as they are. INBOX has no case. */
export function decodeMailboxName(name: string): string {
  const decoded = name.replace(/&([^-&\s]*)-/g, (_, run: string) => {
    if (run === "") return "&";
    const bytes = Buffer.from(run.replaceAll(",", "/"), "base64");
    return bytes
      .subarray(0, bytes.length & ~1)
      .swap16()
      .toString("utf16le");
  });
  return /^inbox(?=\/|$)/i.test(decoded) ? `INBOX${decoded.slice(5)}` : decoded;
}

/** A LIST pattern: `*` is anything, `%` anything but the hierarchy separator. */
export function mailboxPattern(pattern: string): RegExp {
  const source = pattern
    .replace(/\*+/g, "*")
    .replace(/[.+?^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll("*", ".*")
    .replaceAll("%", "[^/]*");
  return new RegExp(`^${source}$`, "isu");
}
