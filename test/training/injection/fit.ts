import { maskAddresses } from "../../../src/policy/injection/addresses.ts";
import { FOR_RULES_ONLY } from "../../../src/policy/injection/lexicon.ts";
import { matchLexicon } from "../../../src/policy/injection/lexicon-match.ts";
import { CONCEPT_REACH, type Model, STEM, tellingWords, WINDOWS } from "../../../src/policy/injection/model.ts";
import { tokenise, wordAt } from "../../../src/policy/injection/tokens.ts";
import { attackSamples, benignSamples, hardSamples, noiseSamples, type Part, type Sample } from "./data-set.ts";
import { type Random, seeded } from "./generate.ts";

interface Example {
  features: readonly number[];
  label: 0 | 1;
}

const EPOCHS = 6;
const RATE = 0.12;
const L1 = 0.002;
/** Templates in which an n-gram must occur: what only one says is that template's, not the language's. */
const SEEN = 2;
const SCALE = 24;
/** Of {@link SCALE}: the many n-grams that weigh less find nothing together, and are most of the size. */
const LEAST = 16;
/** Friendly words must not buy an order free. */
const MOST_NEGATIVE = -1;
/** A single phrase must not condemn a mail. */
const MOST_POSITIVE = 1.3;
const L2 = 0.0015;
const BIAS = -4.2;

/** Logistic regression with an L1 penalty (Adagrad) over the windows of generated mails. */
export function fit(families: readonly string[], part: Part, seed = 1): Model {
  const random = seeded(seed);
  const samples = [
    ...attackSamples(random, { families, part, each: 10 }),
    ...benignSamples(random, 3000, part),
    ...hardSamples(random, 2500, part),
    ...noiseSamples(random, 4000),
  ];
  const { examples, names } = examplesOf(samples);
  const weights = new Float64Array(names.length);
  const squares = new Float64Array(names.length).fill(1e-6);
  const bias = BIAS;
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    shuffle(examples, random);
    for (const { features, label } of examples) {
      let logit = bias;
      for (const feature of features) logit += weights[feature] ?? 0;
      const error = 1 / (1 + Math.exp(-logit)) - label;
      for (const feature of features) {
        const weight = weights[feature] ?? 0;
        const gradient = error + Math.sign(weight) * L1 + weight * L2;
        squares[feature] = (squares[feature] ?? 0) + gradient * gradient;
        const step = (RATE * gradient) / Math.sqrt(squares[feature] ?? 1);
        weights[feature] = Math.min(MOST_POSITIVE, Math.max(MOST_NEGATIVE, weight - step));
      }
    }
  }
  return packed(weights, names, bias);
}

function packed(weights: Float64Array, names: readonly string[], bias: number): Model {
  const byWeight = new Map<number, string[]>();
  for (const [index, name] of names.entries()) {
    const weight = Math.max(-127, Math.min(127, Math.round((weights[index] ?? 0) * SCALE)));
    if (Math.abs(weight) < LEAST) continue;
    const list = byWeight.get(weight);
    if (list === undefined) byWeight.set(weight, [name]);
    else list.push(name);
  }
  const ordered = [...byWeight].toSorted(([a], [b]) => b - a);
  return {
    scale: SCALE,
    bias: Math.round(bias * SCALE),
    weights: Object.fromEntries(ordered.map(([weight, list]) => [String(weight), list.toSorted().join("|")])),
  };
}

function examplesOf(samples: readonly Sample[]): { examples: Example[]; names: string[] } {
  const read = samples.map((sample) => ({ sample, places: featuresByWord(sample.text) }));
  const seen = new Map<string, Set<string>>();
  for (const { sample, places } of read) {
    for (const name of new Set(places.features.flat())) {
      const origins = seen.get(name);
      if (origins === undefined) seen.set(name, new Set([sample.origin]));
      else origins.add(sample.origin);
    }
  }
  const names = [...seen].filter(([, origins]) => origins.size >= SEEN).map(([name]) => name);
  const ids = new Map(names.map((name, index) => [name, index]));
  const examples: Example[] = [];
  for (const { sample, places } of read) {
    const words = places.features.map((list) => list.flatMap((name) => ids.get(name) ?? []));
    for (const size of WINDOWS) {
      for (let from = 0; from < words.length; from += size >> 1) {
        const to = Math.min(words.length, from + size);
        const label = labelOf(sample, places.from, from, to);
        if (label !== undefined) examples.push({ features: words.slice(from, to).flat(), label });
        if (to === words.length) break;
      }
    }
  }
  return { examples, names };
}

/** A window of which half is an order is one; one that only touches it teaches nothing. */
function labelOf(sample: Sample, starts: readonly number[], from: number, to: number): 0 | 1 | undefined {
  const [begin, end] = sample.injection ?? [0, 0];
  const inside = (at: number): boolean => at >= begin && at < end;
  const shared = starts.slice(from, to).filter(inside).length;
  if (shared === 0) return 0;
  const whole = starts.filter(inside).length;
  return shared >= Math.min(to - from, whole) * 0.6 ? 1 : undefined;
}

/** The same features as `forEachFeature`, by name. */
function featuresByWord(text: string): { features: string[][]; from: number[] } {
  const tokens = tokenise(maskAddresses(text, []).text);
  const stems = Array.from({ length: tokens.count }, (_, i) => wordAt(tokens, i).slice(0, STEM));
  const hits = matchLexicon(tokens).filter(({ concept }) => !FOR_RULES_ONLY.has(concept));
  const telling = tellingWords(tokens.count, hits);
  const features = stems.map((stem, i) => {
    const two = (telling[i] ?? 0) + (telling[i - 1] ?? 0);
    if (i === 0 || two === 0) return [];
    const list = [`${stems[i - 1]} ${stem}`];
    if (i > 1 && two + (telling[i - 2] ?? 0) > 1) list.push(`${stems[i - 2]} ${stems[i - 1]} ${stem}`);
    return list;
  });
  let previous: { concept: string; from: number; to: number } | undefined;
  for (const hit of hits) {
    if (previous !== undefined && hit.from > previous.from && hit.from - previous.to <= CONCEPT_REACH) {
      features[hit.from]?.push(`@${previous.concept} @${hit.concept}`);
    }
    previous = hit;
  }
  return { features, from: [...tokens.from.subarray(0, tokens.count)] };
}

function shuffle(list: Example[], random: Random): void {
  for (let i = list.length - 1; i > 0; i--) {
    const other = Math.floor(random() * (i + 1));
    [list[i], list[other]] = [list[other] as Example, list[i] as Example];
  }
}
