import { CONCEPTS } from "./lexicon.ts";
import type { Hit } from "./lexicon-match.ts";
import type { Tokens } from "./tokens.ts";

/**
 * A linear model over n-grams of word stems and of concepts. A window's logit is the bias and the sum of the weights of what ends in it,
 * so that prefix sums give every window of a mail in linear time.
 */
export interface Model {
  /** Divides the integers below. */
  scale: number;
  bias: number;
  /** n-grams by weight, in -127..127: stems separated by spaces, concepts by their name after `@`; n-grams separated by `|`. */
  weights: Readonly<Record<string, string>>;
}

export interface CompiledModel {
  bias: number;
  keys: Int32Array;
  values: Float32Array;
  mask: number;
}

export interface ModelWindow {
  /** First and last word, both inclusive. */
  from: number;
  to: number;
  probability: number;
}

/** Letters of a word that count: endings differ by language and grammar. */
export const STEM = 6;
/** Words; each is read at half steps. The short one finds a sentence among others. */
export const WINDOWS: readonly number[] = [12, 24];
/** Words between two concepts that still belong together. */
export const CONCEPT_REACH = 8;

/**
 * Hands each feature over with the word at which it ends: two or three stems of which one or two belong to a concept, and pairs of concepts in their order.
 * Other words are left out: what a few thousand generated mails say of them is chance.
 */
function forEachFeature(tokens: Tokens, hits: readonly Hit[], visit: (hash: number, index: number) => void): void {
  const telling = tellingWords(tokens.count, hits);
  const stem = (i: number): number => stemHash(tokens.codes, tokens.start[i] ?? 0, tokens.end[i] ?? 0);
  for (let i = 1; i < tokens.count; i++) {
    const two = (telling[i] ?? 0) + (telling[i - 1] ?? 0);
    if (two === 0) continue;
    const left = stem(i - 1);
    const right = stem(i);
    visit(pair(left, right), i);
    if (i > 1 && two + (telling[i - 2] ?? 0) > 1) visit(pair(pair(stem(i - 2), left), right), i);
  }
  let previous: Hit | undefined;
  for (const hit of hits) {
    const hash = conceptHash(hit.concept);
    if (previous !== undefined && hit.from > previous.from && hit.from - previous.to <= CONCEPT_REACH) {
      visit(pair(conceptHash(previous.concept), hash), hit.from);
    }
    previous = hit;
  }
}

/** 1 for each word that is part of a phrase of the lexicon. */
export function tellingWords(count: number, hits: readonly Hit[]): Uint8Array {
  const telling = new Uint8Array(count);
  for (const { from, to } of hits) telling.fill(1, from, to + 1);
  return telling;
}

/** The window of a text that is likeliest an injection. */
export function surestWindow(model: CompiledModel, tokens: Tokens, hits: readonly Hit[]): ModelWindow | undefined {
  if (tokens.count === 0) return undefined;
  const sums = new Float64Array(tokens.count + 1);
  forEachFeature(tokens, hits, (hash, index) => {
    sums[index + 1] = (sums[index + 1] ?? 0) + weightOf(model, hash);
  });
  for (let i = 1; i <= tokens.count; i++) sums[i] = (sums[i] ?? 0) + (sums[i - 1] ?? 0);
  let best = { from: 0, to: 0, logit: Number.NEGATIVE_INFINITY };
  for (const size of WINDOWS) {
    for (let from = 0; from < tokens.count; from += size >> 1) {
      const end = Math.min(tokens.count, from + size);
      const logit = model.bias + (sums[end] ?? 0) - (sums[from] ?? 0);
      if (logit > best.logit) best = { from, to: end - 1, logit };
      if (end === tokens.count) break;
    }
  }
  return { from: best.from, to: best.to, probability: 1 / (1 + Math.exp(-best.logit)) };
}

function weightOf(model: CompiledModel, hash: number): number {
  for (let slot = hash & model.mask; model.keys[slot] !== 0; slot = (slot + 1) & model.mask) {
    if (model.keys[slot] === hash) return model.values[slot] ?? 0;
  }
  return 0;
}

export function compileModel(model: Model): CompiledModel {
  const entries = Object.entries(model.weights).flatMap(([weight, grams]) =>
    grams.split("|").map((gram) => [hashOf(gram), Number(weight) / model.scale] as const),
  );
  const size = 2 ** Math.ceil(Math.log2(entries.length * 3 + 8));
  const compiled: CompiledModel = {
    bias: model.bias / model.scale,
    keys: new Int32Array(size),
    values: new Float32Array(size),
    mask: size - 1,
  };
  for (const [hash, value] of entries) {
    let slot = hash & compiled.mask;
    while (compiled.keys[slot] !== 0 && compiled.keys[slot] !== hash) slot = (slot + 1) & compiled.mask;
    compiled.keys[slot] = hash;
    compiled.values[slot] = value;
  }
  return compiled;
}

/** The hash of an n-gram as the data writes it. */
function hashOf(gram: string): number {
  return gram
    .split(" ")
    .map((part) => (part.startsWith("@") ? conceptHash(part.slice(1)) : stemHashOf(part)))
    .reduce((left, right) => pair(left, right));
}

function stemHashOf(stem: string): number {
  const codes = Uint16Array.from({ length: stem.length }, (_, i) => stem.charCodeAt(i));
  return stemHash(codes, 0, codes.length);
}

// FNV-1a
const SEED = 0x811c9dc5 | 0;
const PRIME = 0x01000193;

function stemHash(codes: Uint16Array, start: number, end: number): number {
  let hash = SEED;
  const stop = Math.min(end, start + STEM);
  for (let i = start; i < stop; i++) hash = Math.imul(hash ^ (codes[i] ?? 0), PRIME);
  return hash | 1;
}

function pair(left: number, right: number): number {
  let hash = Math.imul(left ^ (left >>> 15), 0x2c1b3c6d) ^ right;
  hash = Math.imul(hash ^ (hash >>> 13), 0x297a2d39);
  return (hash ^ (hash >>> 16)) | 1;
}

const conceptHashes = new Map<string, number>(
  CONCEPTS.map((name, index) => [name, (Math.imul(index + 1, 0x9e3779b1) ^ 0x5bd1e995) | 1]),
);

function conceptHash(name: string): number {
  return conceptHashes.get(name) ?? 1;
}
