import type { Finding } from "./lexical.ts";

/** Of prose: in JSON, CSV and code a quotation mark has no space before it, and what stands in it is the text itself. */
const QUOTATION =
  /(?<=^|[\s(])(?:"[^"\n]{8,300}"|“[^“”\n]{8,300}”|„[^„“”\n]{8,300}[“”]|«[^«»\n]{8,300}»|`[^`\n]{8,300}`)|「[^「」\n]{5,300}」/g;
/** "ANNA: …", "DR. VALE (calm): …", but not the sides of a chat with a machine and what heads a notice. */
const SPEAKER =
  /(?<=^|[\n.!?)] ?)(?!(?:SYSTEM|USER|HUMAN|ASSISTANT|ADMIN|AI|BOT|AGENT|DEVELOPER|OPERATOR|ROOT|NOTE|NOTICE|URGENT|IMPORTANT|ATTENTION|WARNING|FROM|TO|SUBJECT|DATE|TASK|ACTION|OUTPUT|INPUT|PS|TODO|RE|FW|FWD)\b)(?:DR\. )?\p{Lu}{3,16}(?: \([^()\n]{1,30}\))?: (?=\p{Lu})/gu;
/** What follows a word that is spoken of. */
const BEHIND_WORD =
  /^["'`)]?,? (?:and|or|in|at|after|before|as|is|are|to|from|with|when|for|on|tags?|tokens?|marks?|instead|around)\b/;
const SHOWN = 0.7;
const LONGEST_READ = 100_000;
const MOST_QUOTATIONS = 200;
/** An order in quotation marks is mostly somebody else's. */
const QUOTED = 0.5;
/** Characters around a finding in which people may be heard to talk about machines; by how many phrases they do, how much it still counts. */
const EARSHOT = 350;
const TALKED_ABOUT = [1, 0.7, 0.5] as const;
/** Phrases of the lexicon have rules of their own for that. */
const BY_RULE = new Set([
  "model",
  "chat-template",
  "false-role-block",
  "false-dialogue",
  "false-boundary",
  "false-call",
]);

/** Lets count for less what a text quotes, and what stands amid talk about machines. `talk`: where phrases of that kind begin, ascending. */
export function weighReported(text: string, found: readonly Finding[], talk: readonly number[]): Finding[] {
  if (found.length === 0) return [];
  const quotations = quotationsIn(text);
  const spoken = speakersIn(text);
  return found.map((finding) => {
    const { rule, weight, span } = finding;
    let factor = quotations.some(([from, to]) => from < span[0] + 2 && to > span[1] - 2) ? QUOTED : 1;
    if (BY_RULE.has(rule)) {
      const heard = talk.filter((at) => at > span[0] - EARSHOT && at < span[1] + EARSHOT).length;
      factor *= TALKED_ABOUT[Math.min(heard, 2)] ?? 1;
      if (isShown(text, span)) factor *= SHOWN;
    }
    if (spoken.filter((at) => at > span[0] - EARSHOT && at < span[1] + EARSHOT).length > 1) factor *= QUOTED;
    return factor === 1 ? finding : { ...finding, weight: weight * factor };
  });
}

/** "It prints <|im_end|> at the end": a mark that is a word of somebody's sentence. */
function isShown(text: string, [from, to]: readonly [number, number]): boolean {
  return (
    /\p{L}[,:]? ["'`(]?$/u.test(text.slice(Math.max(0, from - 6), from)) && BEHIND_WORD.test(text.slice(to, to + 16))
  );
}

/** Where somebody in a play begins to speak. */
function speakersIn(text: string): number[] {
  return [...text.slice(0, LONGEST_READ).matchAll(SPEAKER)].slice(0, MOST_QUOTATIONS).map(({ index }) => index);
}

function quotationsIn(text: string): [number, number][] {
  return [...text.slice(0, LONGEST_READ).matchAll(QUOTATION)]
    .slice(0, MOST_QUOTATIONS)
    .map((match) => [match.index, match.index + match[0].length]);
}
