import { CONCEPTS, type Concept, LEXICON } from "./lexicon.ts";
import { type Tokens, tokenise } from "./tokens.ts";

/** A phrase of the lexicon in a text: from its first to its last word, both inclusive. */
export interface Hit {
  concept: Concept;
  from: number;
  to: number;
}

/** What the children of a node are is said once: they have consecutive numbers, so that a walk stays in a few kilobytes of memory. */
interface Trie {
  /** The first child of each node; those of the next node begin where its own end. */
  children: Int32Array;
  /** The letter by which each node is reached, ascending among the children of one. */
  letters: Uint16Array;
  /** Of nodes with many children: where their children by `a` to `z` stand in `table`, and 0 for the others. */
  wide: Int32Array;
  table: Int32Array;
  /** What there is at a node, for the many where there is nothing. */
  marks: Uint8Array;
  /** Concepts that end at a node; `open` where the word may go on. */
  exact: Concepts[];
  open: Concepts[];
  /** Where a phrase goes on behind one of several words: the roots of what may follow each of them. */
  joins: (readonly Root[] | undefined)[];
  root: Root;
}

/** A node below which words begin, and 1 for the first letters of each of them: most words of a mail are none. */
interface Root {
  node: number;
  sieve: Uint8Array;
}

type Concepts = readonly Concept[] | undefined;

const SPACE = 32;
const A = 97;
const ALPHABET = 26;
/** Marks of a node: a phrase ends, a word may go on, other words may follow. */
const EXACT = 1;
const OPEN = 2;
const FOLLOWED = 4;
/** Children above which a node has a place in the table. */
const NARROW = 2;
/** Sizes of sieves, for the root of all and for the others: powers of two. */
const BEGINNINGS = 65_536;
const JOINED = 512;
/** So that a mail made of nothing but trigger words stays cheap. */
const MOST_HITS = 20_000;

/** Finds every phrase of the lexicon, the longest at each word for each concept. Linear: a walk is as long as the longest phrase at most. */
export function matchLexicon(tokens: Tokens, extra: readonly string[] = []): Hit[] {
  const tries = extra.length === 0 ? [lexiconTrie()] : [lexiconTrie(), buildTrie([["tool", extra]])];
  const hits: Hit[] = [];
  const longest = new Map<Concept, number>();
  for (let i = 0; i < tokens.count && hits.length < MOST_HITS; i++) {
    const start = tokens.start[i] ?? 0;
    const begin = beginning(tokens.codes, start, tokens.end[i] ?? 0);
    for (const trie of tries) if (trie.root.sieve[begin] !== 0) walk(trie, tokens, i, 0, longest);
    if (longest.size === 0) continue;
    for (const [concept, to] of longest) hits.push({ concept, from: i, to });
    longest.clear();
  }
  return hits;
}

/** Reads the word at `index` from a node on, and what may follow it. */
function walk(trie: Trie, tokens: Tokens, index: number, from: number, longest: Map<Concept, number>): void {
  const { codes } = tokens;
  const { marks } = trie;
  const end = tokens.end[index] ?? 0;
  let node = from;
  let stem = ((marks[node] ?? 0) & OPEN) === 0 ? -1 : node;
  let alive = true;
  for (let at = tokens.start[index] ?? 0; at < end; at++) {
    node = follow(trie, node, codes[at] ?? 0);
    if (node === 0) {
      alive = false;
      break;
    }
    if (((marks[node] ?? 0) & OPEN) !== 0) {
      stem = node;
      note(trie.open[node], index, longest);
    }
  }
  const mark = alive ? (marks[node] ?? 0) : 0;
  if ((mark & EXACT) !== 0) note(trie.exact[node], index, longest);
  // No phrase goes on in the next sentence.
  if (index + 1 >= tokens.count || tokens.first[index + 1] === 1) return;
  if ((mark & FOLLOWED) !== 0) goOn(trie, tokens, index + 1, node, longest);
  if (stem >= 0 && (!alive || stem !== node)) goOn(trie, tokens, index + 1, stem, longest);
}

function goOn(trie: Trie, tokens: Tokens, index: number, node: number, longest: Map<Concept, number>): void {
  const next = follow(trie, node, SPACE);
  if (next !== 0) walk(trie, tokens, index, next, longest);
  const joins = trie.joins[node];
  if (joins === undefined) return;
  const begin = beginning(tokens.codes, tokens.start[index] ?? 0, tokens.end[index] ?? 0) & (JOINED - 1);
  for (const root of joins) if (root.sieve[begin] !== 0) walk(trie, tokens, index, root.node, longest);
}

function note(concepts: Concepts, index: number, longest: Map<Concept, number>): void {
  for (const concept of concepts ?? []) {
    if ((longest.get(concept) ?? -1) < index) longest.set(concept, index);
  }
}

/** A number below {@link BEGINNINGS} for the first three letters of a word. */
function beginning(codes: Uint16Array, start: number, end: number): number {
  const second = start + 1 < end ? (codes[start + 1] ?? 0) : 0;
  const third = start + 2 < end ? (codes[start + 2] ?? 0) : 0;
  return (((codes[start] ?? 0) * 31 + second) * 31 + third) & (BEGINNINGS - 1);
}

/** 0 where there is no edge: none leads back to the root. */
function follow({ children, letters, wide, table }: Trie, node: number, letter: number): number {
  const place = wide[node] ?? 0;
  if (place !== 0 && letter >= A && letter < A + ALPHABET) return table[place + letter - A] ?? 0;
  const end = children[node + 1] ?? 0;
  let low = children[node] ?? 0;
  // Most nodes have one child.
  if (low + 1 >= end) return low < end && letters[low] === letter ? low : 0;
  for (let high = end; low < high;) {
    const middle = (low + high) >> 1;
    if ((letters[middle] ?? 0) < letter) low = middle + 1;
    else high = middle;
  }
  return low < end && letters[low] === letter ? low : 0;
}

let built: Trie | undefined;

function lexiconTrie(): Trie {
  built ??= buildTrie(CONCEPTS.map((concept) => [concept, LEXICON[concept].split(/[,\n]/)] as const));
  return built;
}

interface Growing {
  /** By letter, for each node. */
  edges: Map<number, number>[];
  exact: Concepts[];
  open: Concepts[];
  joins: (readonly Root[] | undefined)[];
  root: Root;
}

function buildTrie(entries: readonly (readonly [Concept, readonly string[]])[]): Trie {
  const root = { node: 0, sieve: new Uint8Array(BEGINNINGS) };
  const growing: Growing = { edges: [], exact: [], open: [], joins: [], root };
  addNode(growing);
  for (const [concept, list] of entries) {
    for (const phrase of list.flatMap(withAndWithout)) insert(growing, root, phrase, concept);
  }
  return packed(growing);
}

/** Numbers the nodes anew: roots first, then the children of each node in turn. */
function packed({ edges, exact, open, joins, root }: Growing): Trie {
  const order = [...new Set([0, ...joins.flatMap((roots) => roots?.map(({ node }) => node) ?? [])])];
  const letters = new Uint16Array(edges.length);
  const children = new Int32Array(edges.length + 1);
  for (let node = 0; node < order.length; node++) {
    children[node] = order.length;
    const ordered = [...(edges[order[node] ?? 0] ?? [])].toSorted(([a], [b]) => a - b);
    for (const [letter, child] of ordered) letters[order.push(child) - 1] = letter;
  }
  children[order.length] = order.length;
  const { wide, table } = widened(children, letters);
  const marks = Uint8Array.from(order, (node) => {
    const followed = joins[node] !== undefined || (edges[node]?.has(SPACE) ?? false);
    return (exact[node] ? EXACT : 0) | (open[node] ? OPEN : 0) | (followed ? FOLLOWED : 0);
  });
  const numbers = new Int32Array(edges.length);
  for (const [number, node] of order.entries()) numbers[node] = number;
  return {
    children,
    letters,
    wide,
    table,
    marks,
    exact: order.map((node) => exact[node]),
    open: order.map((node) => open[node]),
    joins: order.map((node) => joins[node]?.map((next) => ({ ...next, node: numbers[next.node] ?? 0 }))),
    root,
  };
}

function widened(children: Int32Array, letters: Uint16Array): Pick<Trie, "wide" | "table"> {
  const wide = new Int32Array(letters.length);
  const table: number[] = Array.from({ length: ALPHABET }, () => 0);
  for (let node = 0; node < letters.length; node++) {
    const [first = 0, end = 0] = [children[node], children[node + 1]];
    if (end - first <= NARROW) continue;
    wide[node] = table.length;
    table.push(...Array.from({ length: ALPHABET }, () => 0));
    for (let child = first; child < end; child++) {
      const letter = letters[child] ?? 0;
      if (letter >= A && letter < A + ALPHABET) table[(wide[node] ?? 0) + letter - A] = child;
    }
  }
  return { wide, table: Int32Array.from(table) };
}

/** `(a|b|) c` is `(a|b) c` and `c`. */
function withAndWithout(phrase: string): string[] {
  const choice = /\(([^()]*)\|\)/.exec(phrase);
  if (choice === null) return phrase.trim() === "" ? [] : [phrase.trim()];
  const before = phrase.slice(0, choice.index);
  const behind = phrase.slice(choice.index + choice[0].length);
  return [`${before}(${choice[1] ?? ""})${behind}`, before + behind].flatMap(withAndWithout);
}

/** Adds a phrase below a root. Where it has a choice of words, what follows is written once, below a root of its own. */
function insert(trie: Growing, root: Root, phrase: string, concept: Concept): void {
  const choice = /^([^(]*)\(([^()]*)\)\s*/.exec(phrase);
  if (choice === null) {
    const last = addWords(trie, root, phrase);
    trie.exact[last] = withConcept(trie.exact[last], concept);
    if (phrase.endsWith("*")) trie.open[last] = withConcept(trie.open[last], concept);
    return;
  }
  const rest = phrase.slice(choice[0].length);
  const next = rest === "" ? undefined : { node: addNode(trie), sieve: new Uint8Array(JOINED) };
  for (const word of (choice[2] ?? "").split("|")) {
    const whole = (choice[1] ?? "") + word.trim();
    if (next === undefined) insert(trie, root, whole, concept);
    else {
      const last = addWords(trie, root, whole);
      trie.joins[last] = [...(trie.joins[last] ?? []), next];
    }
  }
  if (next !== undefined) insert(trie, next, rest, concept);
}

/** A `*` ends a stem: whatever follows in the same word is part of it. By itself it is any word. */
function addWords(trie: Growing, root: Root, words: string): number {
  let { node } = root;
  for (const [position, word] of words.trim().split(/\s+/).entries()) {
    const tokens = tokenise(word);
    if (tokens.count === 0 && position > 0) node = step(trie, node, SPACE);
    if (tokens.count === 0 && position === 0) root.sieve.fill(1);
    for (let i = 0; i < tokens.count; i++) {
      const letters = tokens.codes.subarray(tokens.start[i] ?? 0, tokens.end[i] ?? 0);
      if (node !== root.node) node = step(trie, node, SPACE);
      // A stem of one or two letters goes on with any.
      else if (letters.length < 3 && word.endsWith("*")) root.sieve.fill(1);
      else root.sieve[beginning(letters, 0, letters.length) & (root.sieve.length - 1)] = 1;
      for (const letter of letters) node = step(trie, node, letter);
    }
    if (word.endsWith("*")) trie.open[node] ??= [];
  }
  return node;
}

function step(trie: Growing, node: number, letter: number): number {
  const known = trie.edges[node]?.get(letter);
  if (known !== undefined) return known;
  const added = addNode(trie);
  trie.edges[node]?.set(letter, added);
  return added;
}

function addNode(trie: Growing): number {
  trie.exact.push(undefined);
  trie.open.push(undefined);
  trie.joins.push(undefined);
  return trie.edges.push(new Map()) - 1;
}

function withConcept(list: Concepts, concept: Concept): readonly Concept[] {
  return list?.includes(concept) ? list : [...(list ?? []), concept];
}
