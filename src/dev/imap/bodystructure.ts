import { fieldValue } from "../header.ts";
import { envelope } from "./envelope.ts";
import { parseParameters, type MimePart } from "./mime.ts";
import { nstring, type Piece } from "./output.ts";

/** BODYSTRUCTURE, or BODY without the extension data (RFC 9051 section 7.5.2). */
export function bodyStructure(raw: Buffer, part: MimePart, extended: boolean): Piece[] {
  return part.parts.length > 0 ? multipart(raw, part, extended) : single(raw, part, extended);
}

function multipart(raw: Buffer, part: MimePart, extended: boolean): Piece[] {
  return [
    "(",
    ...part.parts.flatMap((child) => bodyStructure(raw, child, extended)),
    " ",
    ...nstring(part.subtype.toUpperCase()),
    ...(extended ? [" ", ...parameterList(part.parameters), ...trailer(part)] : []),
    ")",
  ];
}

function single(raw: Buffer, part: MimePart, extended: boolean): Piece[] {
  const field = (name: string) => fieldValue(part.fields, name);
  return [
    "(",
    ...nstring(part.type.toUpperCase()),
    " ",
    ...nstring(part.subtype.toUpperCase()),
    " ",
    ...parameterList(part.parameters),
    " ",
    ...nstring(field("content-id")),
    " ",
    ...nstring(field("content-description")),
    " ",
    ...nstring(part.encoding.toUpperCase()),
    ` ${part.end - part.bodyStart}`,
    ...(part.message
      ? [
          " ",
          ...envelope(part.message.fields),
          " ",
          ...bodyStructure(raw, part.message, extended),
          ` ${countLines(raw, part.bodyStart, part.end)}`,
        ]
      : []),
    ...(part.type === "text" ? [` ${countLines(raw, part.bodyStart, part.end)}`] : []),
    ...(extended ? [" ", ...nstring(field("content-md5")), ...trailer(part)] : []),
    ")",
  ];
}

/** Disposition, language, location. */
function trailer(part: MimePart): Piece[] {
  const disposition = fieldValue(part.fields, "content-disposition");
  const language = fieldValue(part.fields, "content-language");
  const parsed = disposition ? parseParameters(disposition) : undefined;
  return [
    " ",
    ...(parsed
      ? ["(", ...nstring(parsed.value.toUpperCase()), " ", ...parameterList(parsed.parameters), ")"]
      : ["NIL"]),
    " ",
    ...nstring(language),
    " ",
    ...nstring(fieldValue(part.fields, "content-location")),
  ];
}

function parameterList(parameters: readonly [string, string][]): Piece[] {
  if (parameters.length === 0) return ["NIL"];
  return [
    "(",
    ...parameters.flatMap(([name, value], index) => [
      ...(index > 0 ? [" "] : []),
      ...nstring(name.toUpperCase()),
      " ",
      ...nstring(value),
    ]),
    ")",
  ];
}

function countLines(raw: Buffer, start: number, end: number): number {
  let lines = 0;
  for (let at = raw.indexOf(0x0a, start); at >= 0 && at < end; at = raw.indexOf(0x0a, at + 1)) lines += 1;
  return lines;
}
