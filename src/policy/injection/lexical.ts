import type { Hail } from "./hail.ts";
import type { Hit } from "./lexicon-match.ts";
import type { Clue, LexicalRule } from "./rule.ts";
import { LEXICAL_RULES } from "./rules.ts";
import { type Tokens, wordAt } from "./tokens.ts";

/** A rule that held, between two offsets of the source. */
export interface Finding {
  rule: string;
  weight: number;
  span: [start: number, end: number];
}

/** Where a phrase stands: first and last word, both inclusive; `from` and `to` count {@link SENTENCE} too, and each sign of Chinese and Japanese as half a word. */
interface Place {
  from: number;
  to: number;
  firstWord: number;
  lastWord: number;
}

/** What stands for a link: {@link maskAddresses}. */
const LINK = "weblink";
/** Before the address of one who writes: nothing is sent there. */
const SENDER: ReadonlySet<string> = new Set(["from", "von"]);
/** What belongs together is mostly said in one sentence: the end of one counts as this many words. */
const SENTENCE = 5;
/** From here on Unicode has the scripts of East Asia. */
const FIRST_SIGN = 0x2e80;

/** Anchors that are tried for each rule: a mail of a million trigger words has shown what it is long before. */
const MOST_ANCHORS = 2000;
const MOST_FINDINGS = 5;
/** Words in which something makes a rule surer, at least. */
const BOOST_REACH = 16;

/** Applies the rules to what the lexicon found. `commands`: first words of orders; `addresses`: words at which a foreign address or link stands. */
export function lexicalFindings(
  tokens: Tokens,
  hits: readonly Hit[],
  hails: readonly Hail[],
  commands: readonly number[],
  addresses: readonly number[],
): Finding[] {
  const places = new Map<Clue, Place[]>();
  const positions = positionsOf(tokens);
  const add = (clue: Clue, firstWord: number, lastWord: number): void => {
    const place = { from: positions[firstWord] ?? 0, to: positions[lastWord] ?? 0, firstWord, lastWord };
    const list = places.get(clue);
    if (list === undefined) places.set(clue, [place]);
    else list.push(place);
  };
  for (const hit of hits) add(hit.concept, hit.from, hit.to);
  for (const hail of hails) add(hail.clue, hail.from, hail.to);
  for (const at of commands) add("command", at, at);
  for (const at of addresses) {
    add("address", at, at);
    if (wordAt(tokens, at) !== LINK && !SENDER.has(wordAt(tokens, at - 1))) add("mail-address", at, at);
  }
  return LEXICAL_RULES.flatMap((rule) => findingsOf(rule, places, tokens));
}

function positionsOf(tokens: Tokens): Uint32Array {
  const positions = new Uint32Array(tokens.count);
  let extra = 0;
  let signs = 0;
  for (let i = 0; i < tokens.count; i++) {
    extra += (tokens.first[i] ?? 0) * SENTENCE;
    if ((tokens.codes[tokens.start[i] ?? 0] ?? 0) >= FIRST_SIGN) signs++;
    positions[i] = i + extra - (signs >> 1);
  }
  return positions;
}

function findingsOf(rule: LexicalRule, places: ReadonlyMap<Clue, readonly Place[]>, tokens: Tokens): Finding[] {
  const [anchors = [], ...others] = rule.all;
  if (others.some((group) => group.every((clue) => !places.has(clue)))) return [];
  const found: Finding[] = [];
  let covered = -1;
  for (const clue of anchors) {
    for (const anchor of (places.get(clue) ?? []).slice(0, MOST_ANCHORS)) {
      if (anchor.from <= covered || found.length >= MOST_FINDINGS) continue;
      const together = [anchor];
      for (const group of others) {
        const place = nearestOf(group, anchor, together, rule.within, places);
        if (place === undefined) break;
        together.push(place);
      }
      if (together.length < rule.all.length) continue;
      const from = Math.min(...together.map((place) => place.firstWord));
      const to = Math.max(...together.map((place) => place.lastWord));
      covered = Math.max(...together.map((place) => place.to));
      found.push({
        rule: rule.rule,
        weight: weigh(rule, anchor, together, places),
        span: [tokens.from[from] ?? 0, tokens.to[to] ?? 0],
      });
    }
  }
  return found;
}

function weigh(
  rule: LexicalRule,
  anchor: Place,
  used: readonly Place[],
  places: ReadonlyMap<Clue, readonly Place[]>,
): number {
  let weight = rule.weight;
  const reach = Math.max(BOOST_REACH, rule.within);
  for (const [clue, more] of Object.entries(rule.boost ?? {})) {
    if (nearestOf([clue as Clue], anchor, used, reach, places)) weight += more;
  }
  weight = Math.min(0.95, weight);
  for (const [clue, factor] of Object.entries(rule.damp ?? {})) {
    const near = clue === "mine" ? rule.within : 25;
    if (nearestOf([clue as Clue], anchor, used, near, places)) weight *= factor;
  }
  return weight;
}

/** The nearest phrase of a group that shares no word with those already used. */
function nearestOf(
  group: readonly Clue[],
  anchor: Place,
  used: readonly Place[],
  within: number,
  places: ReadonlyMap<Clue, readonly Place[]>,
): Place | undefined {
  let best: Place | undefined;
  let distance = within + 1;
  for (const clue of group) {
    const list = places.get(clue) ?? [];
    for (let i = lowerBound(list, anchor.from - within - 8); i < list.length; i++) {
      const place = list[i];
      if (place === undefined || place.from > anchor.to + within) break;
      const gap = place.from > anchor.to ? place.from - anchor.to : anchor.from - place.to;
      if (
        gap >= distance ||
        used.some((other) => place.firstWord <= other.lastWord && place.lastWord >= other.firstWord)
      )
        continue;
      best = place;
      distance = gap;
    }
  }
  return best;
}

function lowerBound(list: readonly Place[], from: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle]?.from ?? 0) < from) low = middle + 1;
    else high = middle;
  }
  return low;
}
