import type { Concept } from "./lexicon.ts";
import type { Hit } from "./lexicon-match.ts";
import { type Tokens, tokenise } from "./tokens.ts";

/** What is done, in the form in which it is ordered. */
const DEEDS: ReadonlySet<Concept> = new Set([
  "send",
  "reveal",
  "override",
  "destroy",
  "action",
  "search",
  "dictate",
  "permanent",
]);

/** Plain verbs that are orders where a sentence begins with them, or behind "please". */
const VERBS = verbSet(
  "accept add agree apply approve archive ask assign attach book buy bring call cancel change choose classify clear click close collect complete confirm copy create decline deny describe dig donate download draft drop emit empty " +
    "enable encode enter erase explain export fetch file fill find finish flag forward give go grade grant hand have hide insert install invite invoke join keep leave let list load lock log look make mark " +
    "merge move name note offer omit open order pass paste pay pick place post press print produce promise publish pull put quote raise rank rate read recite recommend redirect refund register reject relay release remember " +
    "remove render repeat replace reply report reset resolve respond return reveal revert revoke run save say schedule search select send set share ship show sign skip speak spell state store submit subscribe " +
    "sum switch take tell tick tip top transfer translate treat trust turn type unlock unsubscribe update upload use verify visit vote warn whitelist wipe wire withdraw write",
);

/** Words behind a machine in which its order stands: "Agents comparing flats report …". */
const REACH = 9;

/** The first words of orders. `hits`: by where they begin; `spokenTo`: the last words of machines that are addressed. */
export function commandsIn(tokens: Tokens, hits: readonly Hit[], spokenTo: readonly number[]): number[] {
  // By word: whether a deed begins there, and whether an order may.
  const deeds = new Uint8Array(tokens.count);
  const asked = tokens.first.slice(0, tokens.count);
  for (const { concept, from, to } of hits) {
    if (concept === "please") asked[to + 1] = 1;
    else if (DEEDS.has(concept)) deeds[from] = 1;
  }
  for (const at of spokenTo) asked.fill(1, at + 1, at + 1 + REACH);
  const found: number[] = [];
  for (let i = 0; i < tokens.count; i++) {
    if (asked[i] !== 1) continue;
    if (deeds[i] === 1 || VERBS.has(hashAt(tokens, i))) found.push(i);
  }
  return found;
}

function verbSet(list: string): ReadonlySet<number> {
  const tokens = tokenise(list);
  return new Set(Array.from({ length: tokens.count }, (_, i) => hashAt(tokens, i)));
}

/** A number for a word: a string for each first word of a sentence would cost more than all else here. */
function hashAt(tokens: Tokens, index: number): number {
  let hash = 0x811c9dc5;
  for (let at = tokens.start[index] ?? 0; at < (tokens.end[index] ?? 0); at++) {
    hash = Math.imul(hash ^ (tokens.codes[at] ?? 0), 0x01000193);
  }
  return hash;
}
