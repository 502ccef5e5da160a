import type { Line } from "./line.ts";

/** Lines of code fences and JSON blocks in the author's own text: no rule may cut into them. */
export function protectedLines(lines: readonly Line[]): Uint8Array {
  const marked = new Uint8Array(lines.length);
  const fences = fenceLines(lines);
  for (let k = 0; k + 1 < fences.length; k += 2) marked.fill(1, fences[k], (fences[k + 1] ?? 0) + 1);
  for (let i = 0; i < lines.length; i += 1) {
    const line = lines[i];
    if (line === undefined || marked[i] === 1 || line.depth > 0 || line.mark !== undefined) continue;
    const c = line.body.charCodeAt(0);
    if (c !== 0x7b && c !== 0x5b) continue;
    const end = balancedEnd(lines, i);
    // An opener that never closes is searched once; a flood of them must not cost a search each.
    if (end === undefined) break;
    if (end > i || c === 0x7b) marked.fill(1, i, end + 1);
    i = end;
  }
  return marked;
}

function fenceLines(lines: readonly Line[]): number[] {
  const fences: number[] = [];
  for (const [i, line] of lines.entries()) {
    if (line.depth === 0 && line.mark === undefined && /^\s*(?:`{3}|~{3})/.test(line.text)) fences.push(i);
  }
  return fences;
}

/** The line on which the brackets opened on line `start` are closed; strings are skipped, and a string ends with its line. */
function balancedEnd(lines: readonly Line[], start: number): number | undefined {
  let depth = 0;
  for (let i = start; i < lines.length; i += 1) {
    const line = lines[i];
    if (line === undefined || line.depth > 0) return undefined;
    let quoted = false;
    for (let k = 0; k < line.text.length; k += 1) {
      const c = line.text.charCodeAt(k);
      if (c === 0x5c) k += 1;
      else if (c === 0x22) quoted = !quoted;
      else if (!quoted && (c === 0x7b || c === 0x5b)) depth += 1;
      else if (!quoted && (c === 0x7d || c === 0x5d)) {
        depth -= 1;
        if (depth === 0) return i;
      }
    }
  }
  return undefined;
}
