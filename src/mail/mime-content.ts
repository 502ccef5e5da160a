import { decodeWith } from "./header-fields.ts";
import type { MimePart } from "./mime-structure.ts";

/** The content of a part without its transfer encoding (RFC 2045 section 6). What is not encoded as it says comes out as far as it can be read. */
export function decodeContent(part: MimePart): Buffer {
  switch (part.encoding) {
    case "base64":
      return Buffer.from(part.body.toString("latin1"), "base64");
    case "quoted-printable":
      return decodeQuotedPrintable(part.body);
    default:
      return part.body;
  }
}

/** The text of a part: in its charset, with LF for line breaks, and without the NUL that no database takes. */
export function decodeText(part: MimePart): string {
  const octets = decodeContent(part);
  const text = decodeWith(part.contentType.parameters.get("charset") ?? "utf-8", octets)
    .replace(/\r\n?/g, "\n")
    .replaceAll("\0", "");
  const flowed =
    part.contentType.value === "text/plain" && part.contentType.parameters.get("format")?.toLowerCase() === "flowed";
  return flowed ? unfold(text, part.contentType.parameters.get("delsp")?.toLowerCase() === "yes") : text;
}

const EQUALS = 61;
const LF = 10;

/** RFC 2045 section 6.7. An `=` that begins neither an octet nor a soft line break stays as it is. */
function decodeQuotedPrintable(body: Buffer): Buffer {
  const out = Buffer.alloc(body.length);
  let length = 0;
  let position = 0;
  while (position < body.length) {
    const equals = body.indexOf(EQUALS, position);
    const end = equals < 0 ? body.length : equals;
    length += body.copy(out, length, position, end);
    if (equals < 0) break;
    const high = hexDigit(body[equals + 1]);
    const low = hexDigit(body[equals + 2]);
    if (high >= 0 && low >= 0) {
      out[length++] = high * 16 + low;
      position = equals + 3;
      continue;
    }
    let blank = equals + 1;
    while (blank < body.length && blank - equals < 100 && [32, 9, 13].includes(body[blank] ?? 0)) blank++;
    if (blank >= body.length || body[blank] === LF) position = blank + 1;
    else {
      out[length++] = EQUALS;
      position = equals + 1;
    }
  }
  return out.subarray(0, length);
}

function hexDigit(octet: number | undefined): number {
  const char = String.fromCharCode(octet ?? 0);
  return /[0-9a-f]/i.test(char) ? Number.parseInt(char, 16) : -1;
}

/** Joins the lines of `format=flowed` (RFC 3676 section 4): those that end in a space go on in the next of the same quote depth. The signature line does not. */
function unfold(text: string, deleteSpace: boolean): string {
  const out: string[] = [];
  let flowing: number | undefined;
  for (const line of text.split("\n")) {
    const depth = /^>*/.exec(line)?.[0].length ?? 0;
    const stuffed = line.slice(depth);
    const content = stuffed.startsWith(" ") ? stuffed.slice(1) : stuffed;
    const isSignature = content === "-- ";
    const continues = content.endsWith(" ") && !isSignature;
    const kept = continues && deleteSpace ? content.slice(0, -1) : content;
    // An empty line ends a paragraph, although the one before it ends in a space.
    if (flowing === depth && !isSignature && content.trim() !== "") out.push(kept);
    else out.push(`${out.length === 0 ? "" : "\n"}${depth > 0 ? `${">".repeat(depth)} ` : ""}${kept}`);
    flowing = continues ? depth : undefined;
  }
  return out.join("");
}
