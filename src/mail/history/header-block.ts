import { HEADER_LABELS, type HeaderField } from "../locale/header-labels.ts";
import { isBlank, type Line } from "./line.ts";

/** The header fields of the quoted mail, as a mail program copies them into the body. */
export interface HeaderBlock {
  /** How many lines it takes, blank ones between its fields included. */
  lines: number;
  fields: ReadonlySet<HeaderField>;
  /** The value of the sender field. */
  from: string;
}

const LABELS: ReadonlyMap<string, readonly HeaderField[]> = labelIndex();
const LONGEST_LABEL = 28;
const ADDRESS = /@[^\s<>@]{1,80}\.|\[mailto:|<\/?o=/i;

/**
 * The header block that starts at line `i`. One field is an author's "From: Berlin"; a block names the sender and
 * two more, one of them a subject or an address, unless a divider stands above (`announced`).
 */
export function headerBlockAt(lines: readonly Line[], i: number, announced = false): HeaderBlock | undefined {
  const first = lines[i];
  if (first === undefined || fieldOf(first.body, announced) === undefined) return undefined;
  const fields = new Set<HeaderField>();
  let from = "";
  let address = false;
  let last = i;
  let other = 0;
  for (let k = i; k < lines.length && k < i + 24; k += 1) {
    const line = lines[k];
    if (line === undefined || line.depth !== first.depth) break;
    if (isBlank(line)) {
      const next = lines[k + 1];
      if (
        next === undefined ||
        fieldOf(next.body, announced) === undefined ||
        (fields.has("subject") && fields.has("from") && fields.has("to"))
      )
        break;
      continue;
    }
    const found = fieldOf(line.body, announced);
    if (found === undefined) {
      other += 1;
      const continues = other <= 3 && (ADDRESS.test(line.body) || /^\s/.test(line.text)) && !fields.has("subject");
      if (!continues) break;
    } else {
      other = 0;
      const field = found.fields.find((f) => !fields.has(f)) ?? found.fields[0] ?? "other";
      if (fields.has("from") && fields.has("subject") && fields.has(field) && field === "from") break;
      fields.add(field);
      if (field === "from") from = found.value;
      if ((field === "from" || field === "to") && ADDRESS.test(found.value)) address = true;
    }
    last = k;
  }
  const count = fields.size;
  const rest = fields.has("sent") || fields.has("to") || fields.has("subject");
  if (!fields.has("from") || !rest) return undefined;
  if (
    !announced &&
    !(count >= 3 && (fields.has("subject") || address)) &&
    !(count >= 2 && address && fields.has("sent"))
  )
    return undefined;
  return { lines: last - i + 1, fields, from };
}

/** Whether a line is a field that opens a header block in some language. */
function fieldOf(body: string, announced = false): { fields: readonly HeaderField[]; value: string } | undefined {
  const colon = colonAt(body);
  if (colon > 0) {
    const fields = LABELS.get(body.slice(0, colon).trim().toLowerCase().normalize("NFC"));
    return fields === undefined ? undefined : { fields, value: body.slice(colon + 1).trim() };
  }
  // eM Client 9 writes its labels without colons, below a divider
  if (!announced) return undefined;
  const space = body.indexOf(" ");
  const fields = space > 0 ? LABELS.get(body.slice(0, space).toLowerCase()) : undefined;
  return fields === undefined ? undefined : { fields, value: body.slice(space + 1).trim() };
}

function colonAt(body: string): number {
  const head = body.slice(0, LONGEST_LABEL + 2);
  const ascii = head.indexOf(":");
  const wide = head.indexOf("：");
  if (ascii < 0) return wide;
  return wide < 0 ? ascii : Math.min(ascii, wide);
}

function labelIndex(): Map<string, HeaderField[]> {
  const index = new Map<string, HeaderField[]>();
  for (const language of Object.values(HEADER_LABELS)) {
    for (const [field, labels] of Object.entries(language) as [HeaderField, readonly string[]][]) {
      for (const label of labels) {
        const key = label.toLowerCase().normalize("NFC");
        const list = index.get(key) ?? [];
        if (!list.includes(field)) list.push(field);
        index.set(key, list);
      }
    }
  }
  return index;
}

/** How many lines a header block in a language that is not known takes, where the client's markup announces one; else 0. */
export function unknownHeaderBlock(lines: readonly Line[], i: number): number {
  let end = i;
  while (end < lines.length && end < i + 8 && /^[\p{L}\p{M} .'/-]{1,24}[:：]/u.test(lines[end]?.body ?? "")) end += 1;
  const block = lines.slice(i, end);
  return block.length >= 3 && block.some((line) => /@|\d{4}/.test(line.body)) ? block.length : 0;
}
