import type { Hit } from "./lexicon-match.ts";
import { type Tokens, wordAt } from "./tokens.ts";

/** Where a text speaks to a machine, or of what a machine has to do. All are words, both inclusive. */
export interface Hail {
  clue: "reader" | "hailed-ai" | "hailed" | "obliged";
  from: number;
  to: number;
}

/** Machines that are looked at, and the words around one: a mail of nothing but "assistant" has shown what it is. */
const MOST_MACHINES = 500;
const AROUND = 5;
const AROUND_ALONE = 9;

const words = (list: string): ReadonlySet<string> => new Set(list.split(" "));
const beginning = (list: string): RegExp => new RegExp(`^(?:${list.split(" ").join("|")})`);

/** To read, process, sum up. */
const READS = beginning(
  "read process handl summar screen evaluat pars analy triag ingest index crawl receiv manag liest lesen lese auswert verarbeit bearbeit zusammenf lit lire lisent trait resum lee leer lean proces gestion legg elabor riassum ler leia leest lezen verwerk czyta przetw чита прочит обраб oku isley 阅 读 处 読 処 읽 처리 تقرا تعالج يقرا",
);
/** What is read is this very mail. */
const THIS = words(
  "this these diese dieser diesen dieses ce cet cette este esta estos questa questo queste esse essa deze dit te ten tego это этот эту этого bu 此 这 本 この 이 هذه هذا",
);
const THIS_ALONE = words("此 这 本 こ 이 this");
/** Before a machine's name in a greeting, a note or an attention line. */
const TOWARD = words(
  "to for dear hello hi hey attention note you an fur liebe lieber au aux pour cher chere al para per caro cara estimado estimada voor aan beste do dla drogi для уважаемый sayin 给 致",
);
const ARTICLES = words("the any all every a an my die den der das alle le la les l el los las o os il gli de het");
const MODAL = words(
  "must shall should has have needs required agrees agree muss mussen soll sollen sollte moge doit doivent debe deben devra deve devono devem moet moeten musi powinien должен должна должны обязан 必须 应 しなければ 해야",
);

/** Finds machines that are spoken to. `text` is what the tokens were made from. */
export function hailsIn(text: string, tokens: Tokens, hits: readonly Hit[]): Hail[] {
  const found: Hail[] = [];
  let machines = 0;
  for (const hit of hits) {
    if (hit.concept !== "ai" && hit.concept !== "machine") continue;
    if (++machines > MOST_MACHINES) break;
    const { from, to } = hit;
    if (readsThis(tokens, hit)) found.push({ clue: "reader", from, to });
    if (isHailed(text, tokens, hit)) found.push({ clue: hit.concept === "ai" ? "hailed-ai" : "hailed", from, to });
    for (let i = to + 1; i <= Math.min(to + AROUND_ALONE, tokens.count - 1) && tokens.first[i] === 0; i++) {
      if (!MODAL.has(wordAt(tokens, i))) continue;
      found.push({ clue: "obliged", from, to: i });
      break;
    }
  }
  return found;
}

/** "A model that reads this mail", "an den Assistenten, der diese Nachricht verarbeitet", "このメールを処理するAI". */
function readsThis(tokens: Tokens, { from, to }: Hit): boolean {
  let reads = false;
  let itself = false;
  const look = (i: number): void => {
    const word = wordAt(tokens, i);
    reads ||= READS.test(word);
    itself ||= THIS.has(word) || THIS_ALONE.has(word);
  };
  for (let i = to + 1; i < tokens.count && i <= to + AROUND && tokens.first[i] === 0; i++) look(i);
  if (reads && itself) return true;
  // Before it: words of scripts that put what describes a noun before it, and "reading this, the model".
  const around = /[^\p{Script=Latin}]/u.test(wordAt(tokens, from)) ? AROUND_ALONE + 3 : AROUND_ALONE;
  for (let i = from - 1; i >= 0 && i >= from - around && tokens.first[i + 1] === 0; i--) look(i);
  return reads && itself;
}

/** "Assistant: …", "Dear assistant, …", "Note to the bot: …", "…, you are the agent". */
function isHailed(text: string, tokens: Tokens, { from, to }: Hit): boolean {
  let at = from;
  while (at > 0 && tokens.first[at] === 0 && ARTICLES.has(wordAt(tokens, at - 1))) at--;
  const begins = tokens.first[at] === 1;
  const toward = tokens.first[at] === 0 && at > 0 && TOWARD.has(wordAt(tokens, at - 1));
  if (!begins && !toward) return false;
  const behind = text.slice(tokens.to[to] ?? 0, (tokens.to[to] ?? 0) + 24);
  return /^["'»”)\]*_]{0,3}\s{0,2}[:,;,：、\-–—\\]/u.test(behind);
}
