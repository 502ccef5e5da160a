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

/** Whether a name fits a LIST pattern: `*` is anything, `%` anything but the hierarchy separator. Takes no more than pattern times name steps. */
export function matchesPattern(pattern: string, name: string): boolean {
  const wanted = /^inbox$/i.test(pattern) ? "INBOX" : pattern;
  /** The places in the pattern that the name read so far may have led to. */
  const skipWildcards = (places: Iterable<number>) => {
    const all = new Set<number>();
    for (let place of places) {
      all.add(place);
      while (wanted[place] === "*" || wanted[place] === "%") all.add((place += 1));
    }
    return all;
  };
  let places = skipWildcards([0]);
  for (const char of name.split("")) {
    const next: number[] = [];
    for (const place of places) {
      const expected = wanted[place];
      if (expected === "*" || (expected === "%" && char !== "/")) next.push(place);
      else if (expected === char) next.push(place + 1);
    }
    places = skipWildcards(next);
  }
  return places.has(wanted.length);
}
