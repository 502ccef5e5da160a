import { CONCEPTS, type Concept, LEXICON } from "./lexicon.ts";
import { type Tokens, tokenise } from "./tokens.ts";

/** A phrase of the lexicon in a text: from its first to its last word, both inclusive. */
export interface Hit {
  concept: Concept;
  from: number;
  to: number;
}

interface Trie {
  edges: Edges;
  /** Concepts that end at a node, as bits; `open` where the word may go on. */
  exact: number[];
  open: number[];
  /** 1 for the first two letters of each phrase: most words of a mail begin none. */
  begins: Uint8Array;
}

/** From a node by a letter to the next node: an open hash table, which is several times faster than a Map. */
interface Edges {
  keys: Float64Array;
  nodes: Int32Array;
  mask: number;
}

const SPACE = 32;
const LONGEST_PHRASE = 160;
/** So that a mail made of nothing but trigger words stays cheap. */
const MOST_HITS = 20_000;

/** Finds every phrase of the lexicon, the longest at each word for each concept. Linear: a walk is as long as the longest phrase at most. */
export function matchLexicon(tokens: Tokens, extra: readonly string[] = []): Hit[] {
  const tries = extra.length === 0 ? [lexiconTrie()] : [lexiconTrie(), buildTrie([["tool", extra]])];
  const hits: Hit[] = [];
  const longest = new Map<number, number>();
  for (let i = 0; i < tokens.count && hits.length < MOST_HITS; i++) {
    for (const trie of tries) walk(trie, tokens, i, longest);
    if (longest.size === 0) continue;
    for (const [bit, to] of longest) {
      const concept = CONCEPTS[bit];
      if (concept !== undefined) hits.push({ concept, from: i, to });
    }
    longest.clear();
  }
  return hits;
}

function walk(trie: Trie, tokens: Tokens, first: number, longest: Map<number, number>): void {
  const { codes } = tokens;
  const start = tokens.start[first] ?? 0;
  const second = start + 1 < (tokens.end[first] ?? 0) ? (codes[start + 1] ?? 0) : 0;
  if (trie.begins[beginning(codes[start] ?? 0, second)] === 0) return;
  let node = 0;
  let steps = 0;
  for (let i = first; i < tokens.count; i++) {
    if (i > first) {
      const next = follow(trie.edges, node, SPACE);
      if (next === 0) return;
      node = next;
    }
    const end = tokens.end[i] ?? 0;
    let open = 0;
    let openNode = 0;
    let dead = false;
    for (let at = tokens.start[i] ?? 0; at < end; at++) {
      const next = follow(trie.edges, node, codes[at] ?? 0);
      if (next === 0 || ++steps > LONGEST_PHRASE) {
        dead = true;
        break;
      }
      node = next;
      if (trie.open[node] !== 0) {
        open |= trie.open[node] ?? 0;
        openNode = node;
      }
    }
    note(longest, open | (dead ? 0 : (trie.exact[node] ?? 0)), i);
    if (!dead) continue;
    // The word goes on behind a stem: a phrase of several words may go on behind it too.
    if (openNode === 0) return;
    node = openNode;
  }
}

function note(longest: Map<number, number>, bits: number, index: number): void {
  for (let rest = bits; rest !== 0; rest &= rest - 1) longest.set(31 - Math.clz32(rest & -rest), index);
}

function beginning(first: number, second: number): number {
  return (first * 31 + second) & 0xffff;
}

function slotOf(edges: Edges, node: number, code: number): number {
  const key = node * 65_536 + code + 1;
  let slot = (Math.imul(node, 0x9e3779b1) ^ Math.imul(code, 0x85ebca6b)) >>> 7;
  for (slot &= edges.mask; edges.keys[slot] !== 0 && edges.keys[slot] !== key;) slot = (slot + 1) & edges.mask;
  return slot;
}

/** 0 where there is no edge: none leads back to the root. */
function follow(edges: Edges, node: number, code: number): number {
  return edges.nodes[slotOf(edges, node, code)] ?? 0;
}

let built: Trie | undefined;

function lexiconTrie(): Trie {
  built ??= buildTrie(CONCEPTS.map((concept) => [concept, LEXICON[concept].split(/[,\n]/)] as const));
  return built;
}

function buildTrie(entries: readonly (readonly [Concept, readonly string[]])[]): Trie {
  const letters = entries.reduce(
    (sum, [, phrases]) => sum + phrases.reduce((all, phrase) => all + phrase.length, 0),
    0,
  );
  const size = 2 ** Math.ceil(Math.log2(letters * 2 + 16));
  const edges: Edges = { keys: new Float64Array(size), nodes: new Int32Array(size), mask: size - 1 };
  const trie: Trie = { edges, exact: [0], open: [0], begins: new Uint8Array(65_536) };
  for (const [concept, phrases] of entries) {
    const bit = 1 << CONCEPTS.indexOf(concept);
    for (const phrase of phrases) if (phrase.trim() !== "") insert(trie, phrase.trim(), bit);
  }
  return trie;
}

/** A `*` ends a stem: whatever follows in the same word is part of it. */
function insert(trie: Trie, phrase: string, bit: number): void {
  let node = 0;
  let begun = false;
  const step = (code: number): void => {
    const slot = slotOf(trie.edges, node, code);
    if (trie.edges.keys[slot] === 0) {
      trie.edges.keys[slot] = node * 65_536 + code + 1;
      trie.edges.nodes[slot] = trie.exact.length;
      trie.exact.push(0);
      trie.open.push(0);
    }
    node = trie.edges.nodes[slot] ?? 0;
  };
  const words = phrase.split(/\s+/);
  for (const [position, word] of words.entries()) {
    const tokens = tokenise(word);
    for (let i = 0; i < tokens.count; i++) {
      const start = tokens.start[i] ?? 0;
      if (begun) step(SPACE);
      else {
        const letters = tokens.codes.subarray(start, tokens.end[i] ?? 0);
        trie.begins[beginning(letters[0] ?? 0, letters[1] ?? 0)] = 1;
        // A stem of one letter goes on with any.
        if (letters.length === 1 && word.endsWith("*")) trie.begins.fill(1);
      }
      begun = true;
      for (const code of tokens.codes.subarray(tokens.start[i] ?? 0, tokens.end[i] ?? 0)) step(code);
    }
    const last = position === words.length - 1;
    if (word.endsWith("*")) trie.open[node] = (trie.open[node] ?? 0) | (last ? bit : OPEN_INSIDE);
    if (last) trie.exact[node] = (trie.exact[node] ?? 0) | bit;
  }
}

/** Marks a stem in the middle of a phrase, which is no concept by itself. */
const OPEN_INSIDE = 1 << 31;
