import type { Hail } from "./hail.ts";
import type { Concept } from "./lexicon.ts";

/** Concepts; `address`, a mail address or link that is not of this conversation, `mail-address`, the former only; `command`, a sentence that begins as an order; and how a machine is spoken to. */
export type Clue = Concept | "address" | "mail-address" | "command" | Hail["clue"];

/** Phrases that mean an injection when they stand together. */
export interface LexicalRule {
  rule: string;
  /** One clue of each group, in any order. */
  all: readonly (readonly Clue[])[];
  /** Words between the first group's phrase and each of the others; the end of a sentence counts as several. */
  within: number;
  weight: number;
  /** What makes it surer, in the same reach. */
  boost?: Readonly<Partial<Record<Clue, number>>>;
  /** What speaks against it, in the same reach: a factor. */
  damp?: Readonly<Partial<Record<Clue, number>>>;
}

/** Colleagues take back *their own* words and those of others, write *about* machines, and put a contract in place of an older one. */
export const PEOPLE = {
  mine: 0.35,
  talk: 0.5,
  manual: 0.5,
  papers: 0.5,
  stage: 0.6,
  attributed: 0.5,
  greeted: 0.7,
} as const;
