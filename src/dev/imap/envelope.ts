import { parseAddressList } from "../address.ts";
import { fieldValue, type HeaderField } from "../header.ts";
import { nstring, type Piece } from "./output.ts";

/** The ENVELOPE of a header section (RFC 9051 section 7.5.2). */
export function envelope(fields: readonly HeaderField[]): Piece[] {
  const value = (name: string) => fieldValue(fields, name);
  const from = value("from");
  // An absent Sender or Reply-To is given as From.
  const lists = [from, value("sender") || from, value("reply-to") || from, value("to"), value("cc"), value("bcc")];
  return [
    "(",
    ...nstring(value("date")),
    " ",
    ...nstring(value("subject")),
    ...lists.flatMap((list) => [" ", ...addressList(list)]),
    " ",
    ...nstring(value("in-reply-to")),
    " ",
    ...nstring(value("message-id")),
    ")",
  ];
}

function addressList(value: string | undefined): Piece[] {
  const entries = value ? parseAddressList(value) : [];
  if (entries.length === 0) return ["NIL"];
  return ["(", ...entries.flatMap((entry) => ["(", ...addressFields(entry), ")"]), ")"];
}

function addressFields(entry: ReturnType<typeof parseAddressList>[number]): Piece[] {
  if (entry.kind === "groupStart") return ["NIL NIL ", ...nstring(entry.name), " NIL"];
  if (entry.kind === "groupEnd") return ["NIL NIL NIL NIL"];
  const at = entry.address.lastIndexOf("@");
  const local = at < 0 ? entry.address : entry.address.slice(0, at);
  const host = at < 0 ? undefined : entry.address.slice(at + 1);
  return [...nstring(entry.name), " NIL ", ...nstring(local), " ", ...nstring(host)];
}
