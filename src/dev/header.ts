/** One header field where it stands in the mail's bytes. */
export interface HeaderField {
  /** In lower case. */
  name: string;
  /** Unfolded (RFC 5322 section 2.2.3); encoded words are left as they are. */
  value: string;
  /** Offset of the field's first byte. */
  start: number;
  /** Offset after its last line break. */
  end: number;
}

/** Offset of the body: after the empty line, or the end of the mail where there is none. */
export function bodyOffset(raw: Buffer, start = 0, end = raw.length): number {
  let at = start;
  while (at < end) {
    if (raw[at] === 0x0a) return at + 1;
    if (raw[at] === 0x0d && raw[at + 1] === 0x0a) return at + 2;
    const lineEnd = raw.indexOf(0x0a, at);
    if (lineEnd < 0 || lineEnd >= end) return end;
    at = lineEnd + 1;
  }
  return end;
}

/** The fields of a header section, topmost first. Lines that are no field are skipped. */
export function headerFields(raw: Buffer, start = 0, end = bodyOffset(raw, start)): HeaderField[] {
  const fields: HeaderField[] = [];
  let at = start;
  while (at < end) {
    let next = at;
    do {
      const lineEnd = raw.indexOf(0x0a, next);
      next = lineEnd < 0 || lineEnd >= end ? end : lineEnd + 1;
    } while (next < end && (raw[next] === 0x20 || raw[next] === 0x09));
    const field = raw.toString("utf8", at, next);
    const colon = field.indexOf(":");
    if (colon > 0) {
      fields.push({
        name: field.slice(0, colon).trim().toLowerCase(),
        value: field
          .slice(colon + 1)
          .replace(/\r?\n(?=[ \t])/g, "")
          .trim(),
        start: at,
        end: next,
      });
    }
    at = next;
  }
  return fields;
}

/** The topmost field of that name. */
export function fieldValue(fields: readonly HeaderField[], name: string): string | undefined {
  return fields.find((field) => field.name === name)?.value;
}

/** The mail with the fields for which `drop` holds taken out of its header section. */
export function withoutFields(raw: Buffer, drop: (field: HeaderField) => boolean): Buffer {
  const pieces: Buffer[] = [];
  let at = 0;
  for (const field of headerFields(raw)) {
    if (!drop(field)) continue;
    pieces.push(raw.subarray(at, field.start));
    at = field.end;
  }
  return pieces.length === 0 ? raw : Buffer.concat([...pieces, raw.subarray(at)]);
}

/** The mail with each field's text replaced by what `replace` returns: whole lines with their line break, or `undefined` to leave it. */
export function replaceFields(raw: Buffer, replace: (field: HeaderField) => string | undefined): Buffer {
  const pieces: Buffer[] = [];
  let at = 0;
  for (const field of headerFields(raw)) {
    const text = replace(field);
    if (text === undefined) continue;
    pieces.push(raw.subarray(at, field.start), Buffer.from(text));
    at = field.end;
  }
  return pieces.length === 0 ? raw : Buffer.concat([...pieces, raw.subarray(at)]);
}
