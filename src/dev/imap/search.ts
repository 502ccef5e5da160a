import { decodeEncodedWords } from "../../mail/header-fields.ts";
import { fieldValue } from "../header.ts";
import type { Mail } from "../store.ts";
import { DAY_MS, dayOfDateField, parseDay, startOfDay } from "./date.ts";
import { mimeStructure, searchableText } from "./mime.ts";
import { parseSequenceSet, positionsByNumber, positionsByUid, readSequenceSet } from "./sequence.ts";
import { octetsToText, readArguments, type Arguments, type Token } from "./tokenizer.ts";

/** What a search looks at: the mails as the session numbers them. */
export interface SearchContext {
  uids: readonly number[];
  now: number;
}

type Test = (mail: Mail, position: number) => boolean;

export interface Search {
  matches: Test;
  /** Whether MODSEQ was asked for, so that the answer names the highest. */
  modseq: boolean;
}

const MAX_DEPTH = 32;

const FLAGS: Record<string, [flag: string, set: boolean]> = {
  ANSWERED: ["\\Answered", true],
  DELETED: ["\\Deleted", true],
  DRAFT: ["\\Draft", true],
  FLAGGED: ["\\Flagged", true],
  SEEN: ["\\Seen", true],
  UNANSWERED: ["\\Answered", false],
  UNDELETED: ["\\Deleted", false],
  UNDRAFT: ["\\Draft", false],
  UNFLAGGED: ["\\Flagged", false],
  UNSEEN: ["\\Seen", false],
};

/** Reads the keys of a SEARCH (RFC 9051 section 6.4.4). Throws a `SyntaxError`. */
export function parseSearch(tokens: readonly Token[], context: SearchContext): Search {
  const state = { modseq: false };
  const args = readArguments(tokens);
  const tests: Test[] = [];
  while (args.more()) tests.push(parseKey(args, context, state, 0));
  if (tests.length === 0) throw new SyntaxError("Missing search key");
  return { matches: (mail, position) => tests.every((test) => test(mail, position)), modseq: state.modseq };
}

function parseKey(args: Arguments, context: SearchContext, state: { modseq: boolean }, depth: number): Test {
  if (depth > MAX_DEPTH) throw new SyntaxError("Nested too deeply");
  const token = args.next("search key");
  if (token.kind === "list") {
    const inner = readArguments(token.items);
    const tests: Test[] = [];
    while (inner.more()) tests.push(parseKey(inner, context, state, depth + 1));
    if (tests.length === 0) throw new SyntaxError("Missing search key");
    return (mail, position) => tests.every((test) => test(mail, position));
  }
  const key = token.text.toUpperCase();
  if (key === "NOT") {
    const test = parseKey(args, context, state, depth + 1);
    return (mail, position) => !test(mail, position);
  }
  if (key === "OR") {
    const left = parseKey(args, context, state, depth + 1);
    const right = parseKey(args, context, state, depth + 1);
    return (mail, position) => left(mail, position) || right(mail, position);
  }
  if (key === "MODSEQ") {
    state.modseq = true;
    // RFC 7162 section 3.1.5: an entry name and type may stand before the number.
    if (args.peek()?.kind === "string") {
      args.next("entry name");
      args.atom("entry type");
    }
    const from = numberArgument(args);
    return (mail) => mail.modseq >= from;
  }
  return flagKey(key, args) ?? dateKey(key, args, context) ?? textKey(key, args) ?? numberKey(key, args, context);
}

function flagKey(key: string, args: Arguments): Test | undefined {
  const flag = FLAGS[key];
  if (flag) return (mail) => mail.flags.has(flag[0]) === flag[1];
  if (key === "KEYWORD" || key === "UNKEYWORD") {
    const keyword = args.atom("keyword").toLowerCase();
    return (mail) => [...mail.flags].some((name) => name.toLowerCase() === keyword) === (key === "KEYWORD");
  }
  // This server gives \Recent to no session.
  if (key === "RECENT" || key === "NEW") return () => false;
  if (key === "OLD" || key === "ALL") return () => true;
  return undefined;
}

function dateKey(key: string, args: Arguments, context: SearchContext): Test | undefined {
  if (key === "OLDER" || key === "YOUNGER") {
    const border = context.now - numberArgument(args) * 1000;
    return (mail) => mail.receivedAt <= border === (key === "OLDER");
  }
  const match = /^(SENT)?(BEFORE|ON|SINCE)$/.exec(key);
  if (!match) return undefined;
  const day = parseDay(args.astring("date"));
  const compare = (value: number | undefined) =>
    value !== undefined &&
    (match[2] === "BEFORE" ? value < day : match[2] === "SINCE" ? value >= day : value >= day && value < day + DAY_MS);
  if (!match[1]) return (mail) => compare(startOfDay(mail.receivedAt));
  return (mail) => compare(dayOfDateField(fieldValue(mimeStructure(mail.raw).fields, "date") ?? ""));
}

function textKey(key: string, args: Arguments): Test | undefined {
  const wanted = () => octetsToText(args.astring("text")).toLowerCase();
  const has = (value: string | undefined, text: string) => value !== undefined && value.toLowerCase().includes(text);
  if (key === "HEADER") {
    const name = args.astring("field name").toLowerCase();
    const text = wanted();
    return (mail) => headerValues(mail, name).some((value) => has(value, text));
  }
  if (["BCC", "CC", "FROM", "SUBJECT", "TO"].includes(key)) {
    const text = wanted();
    return (mail) => headerValues(mail, key.toLowerCase()).some((value) => has(value, text));
  }
  if (key === "BODY") {
    const text = wanted();
    return (mail) => has(searchableText(mail.raw), text);
  }
  if (key === "TEXT") {
    const text = wanted();
    return (mail) =>
      mimeStructure(mail.raw).fields.some((field) => has(`${field.name}: ${decodeEncodedWords(field.value)}`, text)) ||
      has(searchableText(mail.raw), text);
  }
  return undefined;
}

function headerValues(mail: Mail, name: string): string[] {
  return mimeStructure(mail.raw)
    .fields.filter((field) => field.name === name)
    .flatMap((field) => [field.value, decodeEncodedWords(field.value)]);
}

function numberKey(key: string, args: Arguments, context: SearchContext): Test {
  if (key === "LARGER" || key === "SMALLER") {
    const size = numberArgument(args);
    return (mail) => (key === "LARGER" ? mail.raw.length > size : mail.raw.length < size);
  }
  if (key === "UID") {
    const positions = new Set(positionsByUid(readSequenceSet(args.atom("sequence set")), context.uids));
    return (_, position) => positions.has(position);
  }
  const set = parseSequenceSet(key);
  if (!set) throw new SyntaxError("Unknown search key");
  const positions = new Set(positionsByNumber(set, context.uids.length));
  return (_, position) => positions.has(position);
}

function numberArgument(args: Arguments): number {
  const text = args.atom("number");
  if (!/^\d{1,15}$/.test(text)) throw new SyntaxError("Bad number");
  return Number(text);
}
