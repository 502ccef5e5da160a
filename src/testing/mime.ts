/** One part of a mail to be composed. */
export type Part =
  | { kind: "text"; subtype: "plain" | "html"; text: string; parameters?: string }
  | { kind: "attachment"; filename: string; contentType: string; content: Uint8Array }
  | { kind: "multipart"; subtype: "alternative" | "mixed"; boundary: string; parts: Part[] };

/** The part with its own header fields and body, lines ending in CRLF. */
export function renderPart(part: Part): string {
  if (part.kind === "multipart") {
    const inner = part.parts.map((child) => `--${part.boundary}\r\n${renderPart(child)}\r\n`).join("");
    return `Content-Type: multipart/${part.subtype}; boundary="${part.boundary}"\r\n\r\n${inner}--${part.boundary}--\r\n`;
  }
  if (part.kind === "text") {
    const head = `Content-Type: text/${part.subtype}; charset="UTF-8"${part.parameters ?? ""}`;
    return `${head}\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n${quotedPrintable(part.text)}`;
  }
  const name = part.filename.replace(/["\\\r\n]/g, "_");
  const parameter = /^[\x20-\x7e]*$/.test(name) ? `filename="${name}"` : `filename*=UTF-8''${encodeURIComponent(name)}`;
  const lines =
    Buffer.from(part.content)
      .toString("base64")
      .match(/.{1,76}/g) ?? [];
  return [
    `Content-Type: ${part.contentType}`,
    `Content-Disposition: attachment; ${parameter}`,
    "Content-Transfer-Encoding: base64",
    "",
    ...lines,
    "",
  ].join("\r\n");
}

/** RFC 2045 section 6.7. */
function quotedPrintable(text: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => {
      const encoded = [...Buffer.from(line)].map((octet, at, octets) => {
        const trailing = at === octets.length - 1 && (octet === 0x20 || octet === 0x09);
        const literal = octet === 0x09 || (octet >= 0x20 && octet < 0x7f && octet !== 0x3d);
        return literal && !trailing
          ? String.fromCharCode(octet)
          : `=${octet.toString(16).toUpperCase().padStart(2, "0")}`;
      });
      let length = 0;
      return encoded
        .map((token) => {
          length += token.length;
          if (length <= 75) return token;
          length = token.length;
          return `=\r\n${token}`;
        })
        .join("");
    })
    .join("\r\n");
}

/** A field's text with what is not ASCII as encoded words (RFC 2047), each of them short enough for a line. */
export function encodeWords(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  const words: string[] = [];
  let run = "";
  for (const char of text.replace(/[\r\n]+/g, " ")) {
    if (Buffer.byteLength(run + char) > 42) {
      words.push(run);
      run = "";
    }
    run += char;
  }
  return [...words, run].map((word) => `=?UTF-8?B?${Buffer.from(word).toString("base64")}?=`).join("\r\n ");
}
