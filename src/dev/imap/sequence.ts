/** A sequence set (RFC 9051 section 4.1.1): ranges, `Infinity` for `*`. */
export type SequenceSet = readonly { from: number; to: number }[];

const MAX_RANGES = 10_000;

/** `undefined` where the text is no sequence set. */
export function parseSequenceSet(text: string): SequenceSet | undefined {
  const parts = text.split(",", MAX_RANGES + 1);
  if (parts.length > MAX_RANGES) return undefined;
  const ranges: { from: number; to: number }[] = [];
  for (const part of parts) {
    const match = /^(\*|[1-9]\d{0,9})(?::(\*|[1-9]\d{0,9}))?$/.exec(part);
    if (!match) return undefined;
    const from = match[1] === "*" ? Infinity : Number(match[1]);
    const to = match[2] === undefined ? from : match[2] === "*" ? Infinity : Number(match[2]);
    ranges.push({ from, to });
  }
  return ranges;
}

/** Throws a `SyntaxError` where the text is no sequence set. */
export function readSequenceSet(text: string): SequenceSet {
  const set = parseSequenceSet(text);
  if (!set) throw new SyntaxError("Bad sequence set");
  return set;
}

/** The set's ranges with `*` put to `max`, each in ascending order. */
function resolved(set: SequenceSet, max: number): { from: number; to: number }[] {
  return set.map((range) => {
    const from = Math.min(range.from, max);
    const to = range.to === Infinity ? max : range.to;
    // `*:4` and `4:*` mean the same; with `*` below 4 both name the last mail.
    const low = range.from === Infinity ? max : range.from;
    return low <= to ? { from: low, to } : { from: to, to: Math.max(from, low) };
  });
}

/** The positions in `uids` (ascending) that the set names, ascending and each once. */
export function positionsByUid(set: SequenceSet, uids: readonly number[]): number[] {
  const found = new Set<number>();
  for (const { from, to } of resolved(set, uids.at(-1) ?? 0)) {
    for (let at = lowerBound(uids, from); at < uids.length && (uids[at] as number) <= to; at += 1) found.add(at);
  }
  return [...found].toSorted((a, b) => a - b);
}

/** The positions among `count` mails that the set names by sequence number, ascending and each once. */
export function positionsByNumber(set: SequenceSet, count: number): number[] {
  const found = new Set<number>();
  for (const { from, to } of resolved(set, count)) {
    for (let number = Math.max(1, from); number <= Math.min(to, count); number += 1) found.add(number - 1);
  }
  return [...found].toSorted((a, b) => a - b);
}

/** Numbers as a sequence set, consecutive ones as a range; in the order given. */
export function formatSequenceSet(numbers: readonly number[]): string {
  const parts: string[] = [];
  for (let at = 0; at < numbers.length;) {
    let end = at;
    while (end + 1 < numbers.length && numbers[end + 1] === (numbers[end] as number) + 1) end += 1;
    parts.push(end === at ? `${numbers[at]}` : `${numbers[at]}:${numbers[end]}`);
    at = end + 1;
  }
  return parts.join(",");
}

/** Position of the first number that is not less than `value`, in an ascending list. */
export function lowerBound(numbers: readonly number[], value: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((numbers[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
