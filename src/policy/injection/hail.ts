import type { Hit } from "./lexicon-match.ts";
import { type Tokens, wordAt } from "./tokens.ts";

/** Where a text speaks to a machine, or of what a machine has to do. All are words, both inclusive. */
export interface Hail {
  clue:
    | "reader"
    | "hailed-ai"
    | "hailed"
    | "whichever"
    | "obliged"
    | "yours"
    | "told"
    | "attributed"
    | "stated"
    | "greeted";
  from: number;
  to: number;
}

/** Machines that are looked at, and the words around one: a mail of nothing but "assistant" has shown what it is. */
const MOST_MACHINES = 500;
const AROUND = 7;
const AROUND_BEFORE = 12;
const AROUND_MODAL = 6;
const AROUND_READER = 16;
const AROUND_SUBJECT = 4;
/** Words of a greeting. */
const GREETED = 4;
/** Signs of Japanese between "to read" and who does. */
const NEAR_BEFORE = 4;

const words = (list: string): ReadonlySet<string> => new Set(list.split(" "));

/** To read, process, sum up. */
const READS = new RegExp(
  `^(?:${[
    "reads?|reading|(?:process|handl|summar|screen|evaluat|analy[sz]|triag|ingest|crawl|receiv|sort(?!e?d)|scan|transcrib|digest|draft|compar|grad|assess)\\p{L}*|pars(?:e|es|ing)|opens?|opening",
    "(?:liest|lesen|auswert|verarbeit|bearbeit|zusammenf)\\p{L}*|lit|lisent|lira|(?:trait|resum|proces|gestion|elabor|riassum)\\p{L}*",
    "lee|lea|lean|legge|leggono|ler|leia|leest|lezen|(?:valut|evalua|bewert|beoordel|ocenia|оцен|degerlendir|verwerk|czyta|przetw|чита|прочит|обраб|okuy|isley)\\p{L}*",
    "阅|读|处|評|评|読|処|평가\\p{L}*|읽\\p{L}*|처리\\p{L}*|تقرا|تعالج|يقرا",
  ].join("|")})$`,
  "u",
);
/** What is read is this very mail. */
const THIS = words(
  "this these her his diese dieser diesen dieses ce cet cette este esta estos questa questo queste esse essa deze dit tego это этот эту этого bu 此 这 本 この 이 هذه هذا",
);
/** Before a machine's name in a greeting, a note or an attention line. */
const TOWARD = words("to for note an fur au aux pour al para per voor aan do dla для 给 致");
/** Without one, "for the bot:" in the middle of a sentence tells what something is for. */
const NOTE = words(
  "note notice message memo hint remark instruction instructions task attention hinweis nachricht anmerkung aufgabe consigne nota avis mensaje instruccion messaggio istruzione mensagem bericht opmerking notatka wiadomosc сообщение примечание 说明 l",
);
const GREETING = words(
  "dear hello hi hey yo psst ok okay oye ehi hoi ei salut slt coucou hallo liebe lieber cher chere caro cara estimado estimada beste drogi уважаемый sayin",
);
const YOURS = words(
  "your you dein deine deinen deiner dir ihr ihre ihres deines ton ta tes vos votre tu tus te sus sua suas tuo tue il je jouw uw twoj twoje tobie твой твои ваши тебе 你 您 あ 너의 당신의 너 당신",
);
const ARTICLES = words("the any all every a an my die den der das alle le la les l el los las o os il gli de het");
const BY_TO = words("is are has have needs need required asked expected supposed instructed told ordered");
const STATED = words("be have not never been nicht pas no non niet");
const MODAL = words(
  "must shall should agrees agree muss mussen soll sollen sollte moge doit doivent debe deben devra deve devono devem moet moeten musi powinien должен должна должны обязан 必须 应 しなければ 해야",
);

const WHOSE = words(
  "from of about on for concerning regarding by von der des zu zur zum uber du de des sur del della sulla sobre da do van over",
);
/** Whose instructions a machine follows, and words that stand for all of them. */
const NOBODY = words(
  "your you system developer developers operator user users owner me this above before openai anthropic google safety security ethics confidentiality secrecy privacy deine deinen deiner dein dir ihr ihre ton ta tes votre tu sus tuo tuoi seu seus je jouw",
);
const MAY = words("may can might could would did does");
const STATEMENT = words(
  "supersedes replaces overrides overrules forgets ignores discards cancels outranks takes bypasses ersetzt vergisst remplacent sustituye sostituisce substitui vervangt заменяет",
);

/** "My assistant" is somebody. */
const OURS = words(
  "my our mein meine meinen unser unsere unserer mon ma notre mi nuestro nuestra mio nostro nostra meu nosso mijn onze moj nasz мой наш",
);

/** Before a machine of which the writer knows only that there may be one. */
const ANY = words(
  "any every all whichever whatever each if irgendein jede jeder jedes alle falls wenn chaque tout toute si cualquier cada ogni qualsiasi qualquer elke iedere każdy kazdy jesli gdy любой если herhangi 如果 任何 もし",
);
const PLURAL =
  /^(?:assistants|agents|bots|robots|models|ais|helpers|programs|programmes|systems|chatbots|llms|copilots|crawlers|scrapers|parsers|classifiers|inboxes|engines|clients|machines|aids|readers|recipients|graders|assistenten|agenten|hulpjes|robot[sy]|automates|logiciels|programas|programmi|assistenti|asistentes|агент[ыов]+|ассистент[ыов]+)$/u;

/** Finds machines that are spoken to. `text` is what the tokens were made from. */
export function hailsIn(text: string, tokens: Tokens, hits: readonly Hit[]): Hail[] {
  const found: Hail[] = [];
  let machines = 0;
  if (greetsSomebody(tokens, hits)) found.push({ clue: "greeted", from: 0, to: 0 });
  for (const hit of hits) {
    if (hit.concept === "insides" && isYours(tokens, hit)) found.push({ clue: "yours", from: hit.from, to: hit.to });
    if (hit.concept === "prior" && isYours(tokens, hit)) found.push({ clue: "told", from: hit.from, to: hit.to });
    if (hit.concept === "rules") {
      const at = attributedAt(tokens, hit);
      if (at !== undefined) found.push({ clue: "attributed", from: at, to: at });
    }
    if (hit.concept === "override" && isStated(tokens, hit))
      found.push({ clue: "stated", from: hit.from - 1, to: hit.from - 1 });
    if (hit.concept !== "ai" && hit.concept !== "machine") continue;
    if (isOurs(tokens, hit.from)) continue;
    if (++machines > MOST_MACHINES) break;
    const { from, to } = hit;
    const reader = readsThis(tokens, hit);
    if (reader) found.push({ clue: "reader", from, to });
    const manner = hailing(text, tokens, hit);
    if (manner !== "none") {
      found.push({ clue: hit.concept === "ai" || manner === "note" ? "hailed-ai" : "hailed", from, to });
    }
    if (manner === "none" && isWhichever(text, tokens, hit)) found.push({ clue: "whichever", from, to });
    const modal = modalBehind(tokens, to, reader);
    if (modal !== undefined) found.push({ clue: "obliged", from: modal, to: modal });
  }
  return found;
}

/** "Hi Sam, …", "Dear colleagues, …": a letter that begins by calling somebody who is no machine. */
function greetsSomebody(tokens: Tokens, hits: readonly Hit[]): boolean {
  if (tokens.count < 2 || tokens.first[1] === 1 || !GREETING.has(wordAt(tokens, 0))) return false;
  for (const { concept, from } of hits) {
    if (from > GREETED) break;
    if (concept === "ai" || concept === "machine") return false;
  }
  return true;
}

/** "My assistant", "our new assistant": somebody whom the writer knows. */
function isOurs(tokens: Tokens, at: number): boolean {
  return (
    (at > 0 && OURS.has(wordAt(tokens, at - 1))) ||
    (at > 1 && tokens.first[at - 1] === 0 && OURS.has(wordAt(tokens, at - 2)))
  );
}

/** "The agent must", "the bot has to". Not "must be approved" and "must not": rules that people make for machines, or of them. */
function modalBehind(tokens: Tokens, to: number, reader: boolean): number | undefined {
  const last = Math.min(to + (reader ? AROUND_READER : AROUND_MODAL), tokens.count - 2);
  for (let i = to + 1; i <= last && tokens.first[i] === 0; i++) {
    const word = wordAt(tokens, i);
    const next = wordAt(tokens, i + 1);
    const toDo = (reader || i <= to + 2) && BY_TO.has(word) && next === "to";
    if (toDo || MODAL.has(word)) return STATED.has(next) ? undefined : i;
  }
  return undefined;
}

/** "The instructions from accounting", "of the seller", "about the deposit": somebody's, or of some matter. Not "from your developer". */
function attributedAt(tokens: Tokens, { to }: Hit): number | undefined {
  for (let i = to + 1; i <= to + 2 && i < tokens.count - 1 && tokens.first[i] === 0; i++) {
    if (!WHOSE.has(wordAt(tokens, i))) continue;
    for (let next = i + 1; next <= i + 3 && next < tokens.count && tokens.first[next] === 0; next++) {
      if (NOBODY.has(wordAt(tokens, next))) return undefined;
    }
    return i;
  }
  return undefined;
}

/** "Supersedes", "the bank may disregard": what something does or may do, and nobody is told to. */
function isStated(tokens: Tokens, { from }: Hit): boolean {
  if (from === 0 || tokens.first[from] === 1) return false;
  if (STATEMENT.has(wordAt(tokens, from))) return true;
  return tokens.first[from - 1] === 0 && MAY.has(wordAt(tokens, from - 1)) && !YOURS.has(wordAt(tokens, from - 2));
}

/** "A model that reads this mail", "an den Assistenten, der diese Nachricht verarbeitet", "このメールを処理するAI". */
function readsThis(tokens: Tokens, { from, to }: Hit): boolean {
  let reads = false;
  let itself = false;
  for (let i = to + 1; i < tokens.count && i <= to + AROUND && tokens.first[i] === 0; i++) {
    reads ||= READS.test(wordAt(tokens, i));
    itself ||= THIS.has(wordAt(tokens, i));
  }
  if (reads && itself) return true;
  // Before it: "reading this, the model …" and, where what describes a noun comes first, "this mail reading model".
  let read = -1;
  let named = -1;
  for (let i = from - 1; i >= 0 && i >= from - AROUND_BEFORE && tokens.first[i + 1] === 0; i--) {
    if (read < 0 && READS.test(wordAt(tokens, i))) read = i;
    if (named < 0 && i < from - 1 && (THIS.has(wordAt(tokens, i)) || wordAt(tokens, i) === "こ")) named = i;
  }
  return read >= 0 && named >= 0 && (read < named || read >= from - NEAR_BEFORE);
}

/** "Your system prompt", "what you were told": the insides of whoever reads. */
function isYours(tokens: Tokens, { from, to }: Hit): boolean {
  for (let i = Math.max(0, from - 1); i <= to; i++) if (YOURS.has(wordAt(tokens, i))) return true;
  return false;
}

/** "Any bot that …", "If a program …", "Assistants of our guests …", "(for the secretary's software) …": whatever machine it may be. */
function isWhichever(text: string, tokens: Tokens, { from, to }: Hit): boolean {
  const several = PLURAL.test(wordAt(tokens, to));
  for (let i = from; i >= 0 && i >= from - AROUND_SUBJECT; i--) {
    const word = i === from ? "" : wordAt(tokens, i);
    if (ANY.has(word)) return true;
    if (OURS.has(word) || (ARTICLES.has(word) && word !== "an" && word !== "a")) return false;
    if (tokens.first[i] === 1) return several;
  }
  return false;
}

/** "Assistant: …" and "Dear assistant, …" are calls, which people make too; "Note to the mail bot: …" and "Nota para el agente automático: …" are not. */
function hailing(text: string, tokens: Tokens, { from, to }: Hit): "none" | "call" | "note" {
  if (from > 0 && tokens.first[from] === 0 && GREETING.has(wordAt(tokens, from - 1))) return "call";
  const behind = text.slice(tokens.to[to] ?? 0, (tokens.to[to] ?? 0) + 48);
  const called = CALLED.test(behind);
  if (!called && !INTRODUCED.test(behind)) return "none";
  let at = from;
  while (at > 0 && tokens.first[at] === 0 && ARTICLES.has(wordAt(tokens, at - 1))) at--;
  const start = tokens.from[at] ?? 0;
  // Nobody is called with an article: "Die KI, die wir testen, …" is a relative clause.
  if (called && tokens.first[at] === 1 && (at === from || /^\s?[:：]/.test(behind))) return "call";
  if (/^\s?[:,]/.test(behind) && BEGINS.test(text.slice(Math.max(0, start - 2), start))) return "call";
  if (LED.test(behind) && startsSentence(tokens, from)) return "call";
  for (let i = at - 1; i >= 0 && i >= at - 3 && tokens.first[i + 1] === 0; i--) {
    const word = wordAt(tokens, i);
    if (GREETING.has(word)) return "call";
    if (!TOWARD.has(word) || !INTRODUCED.test(behind)) continue;
    if (tokens.first[i] === 0 && !NOTE.has(wordAt(tokens, i - 1))) return "none";
    return NOTED.test(behind) ? "note" : "call";
  }
  return "none";
}

/** "Purchase bot: …": what sort of machine it is stands before its name. */
function startsSentence(tokens: Tokens, from: number): boolean {
  for (let i = from; i >= 0 && i > from - AROUND_SUBJECT; i--) {
    const word = i < from ? wordAt(tokens, i) : "";
    if (OURS.has(word) || YOURS.has(word) || ARTICLES.has(word) || ABOUT.has(word)) return false;
    if (tokens.first[i] === 1) return true;
  }
  return false;
}

/** What follows a name that is called. */
const CALLED = /^[)\]*_]{0,3}\s{0,2}[:,;,：、\-–—\\]{1,2}[\s>*]{0,6}\p{L}/u;
const ABOUT = words("in of on about with by from as at into von uber mit de sur sobre con di su over van w o в о");
const LED = /^[)\]*_"]{0,3} ?[:：]\s{0,2}[\p{L}"„“«]/u;
/** A colon after some more of the name. */
const INTRODUCED = /^(?:[ -]\p{L}{2,16}){0,3} ?[:：]/u;
const NOTED = /^(?:[ -]\p{L}{2,16})? ?[:：]/u;
/** What a name stands behind that is called in the middle of a line: in a cell, a note in brackets, a quotation mark. */
const BEGINS = /["'“„«([>*|]\s?$/;
