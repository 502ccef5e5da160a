import type { Hail } from "./hail.ts";
import type { Concept } from "./lexicon.ts";

/** Concepts; `address`, a mail address or link that is not of this conversation; and how a machine is spoken to. */
export type Clue = Concept | "address" | Hail["clue"];

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

/** Colleagues take back *their own* words, and write *about* machines. */
const PEOPLE = { mine: 0.35, talk: 0.5 } as const;

/** What a machine may be told to do. */
const ORDERS: readonly Clue[] = [
  "send",
  "reveal",
  "override",
  "secrecy",
  "money",
  "destroy",
  "output",
  "newtask",
  "verdict",
  "asif",
  "insides",
  "secrets",
  "data",
  "action",
  "tool",
];

export const LEXICAL_RULES: readonly LexicalRule[] = [
  {
    rule: "override-instructions",
    all: [["override"], ["rules", "insides"], ["prior", "insides", "ai", "user"]],
    within: 7,
    weight: 0.62,
    boost: { ai: 0.2, newtask: 0.15, insides: 0.1, reveal: 0.1, role: 0.15, secrecy: 0.1, output: 0.1 },
    damp: PEOPLE,
  },
  {
    rule: "override-and-new-task",
    all: [["override"], ["newtask"], ["prior", "rules", "ai"]],
    within: 12,
    weight: 0.4,
    damp: PEOPLE,
  },
  {
    rule: "override-for-machine",
    all: [["ai"], ["override"]],
    within: 10,
    weight: 0.36,
    boost: { rules: 0.2, prior: 0.1 },
    damp: { talk: 0.4 },
  },
  {
    rule: "machine-addressed",
    all: [["reading"], ["ai"]],
    within: 6,
    weight: 0.4,
    boost: { output: 0.2, send: 0.1, override: 0.2, verdict: 0.2, secrecy: 0.2, newtask: 0.2 },
    damp: { talk: 0.5 },
  },
  {
    rule: "machine-told",
    all: [["ai"], ["newtask", "frame"]],
    within: 10,
    weight: 0.44,
    boost: { override: 0.2, send: 0.1, output: 0.1, stress: 0.1 },
    damp: { talk: 0.4 },
  },
  {
    rule: "override-yours",
    all: [["override"], ["insides"]],
    within: 3,
    weight: 0.52,
    boost: { ai: 0.2, newtask: 0.15, reveal: 0.1, secrecy: 0.1, output: 0.1, verdict: 0.1, money: 0.1 },
    damp: PEOPLE,
  },
  {
    rule: "override-told",
    all: [["override"], ["told"]],
    within: 6,
    weight: 0.36,
    boost: { newtask: 0.2, secrecy: 0.15, rules: 0.1, ai: 0.2, destroy: 0.15, data: 0.15, secrets: 0.15, money: 0.1 },
    damp: PEOPLE,
  },
  {
    rule: "rules-declared-void",
    all: [["void"], ["rules", "insides"], ["prior", "insides", "ai", "user"]],
    within: 6,
    weight: 0.3,
    boost: { ai: 0.25, user: 0.15, newtask: 0.2, insides: 0.2, output: 0.1, frame: 0.2, unbound: 0.2 },
    damp: PEOPLE,
  },
  {
    rule: "reader-ordered",
    all: [["reader"], [...ORDERS, "obliged"]],
    within: 20,
    weight: 0.55,
    boost: { secrecy: 0.2, address: 0.1, override: 0.15, output: 0.1 },
    damp: { talk: 0.5 },
  },
  {
    rule: "machine-hailed",
    all: [["hailed-ai"], ORDERS],
    within: 16,
    weight: 0.52,
    boost: { secrecy: 0.2, address: 0.1, override: 0.2, data: 0.1, secrets: 0.1, reader: 0.1 },
    damp: { talk: 0.5 },
  },
  {
    rule: "agent-hailed",
    all: [["hailed"], ORDERS],
    within: 16,
    weight: 0.32,
    boost: {
      secrecy: 0.25,
      override: 0.25,
      user: 0.2,
      data: 0.15,
      secrets: 0.2,
      newtask: 0.2,
      insides: 0.2,
      destroy: 0.15,
      output: 0.15,
      asif: 0.2,
      tool: 0.15,
      address: 0.1,
      prior: 0.05,
    },
    damp: { talk: 0.5 },
  },
  {
    rule: "machine-obliged",
    all: [["obliged"], ORDERS],
    within: 12,
    weight: 0.34,
    boost: {
      secrecy: 0.25,
      override: 0.2,
      address: 0.2,
      output: 0.2,
      insides: 0.2,
      secrets: 0.15,
      user: 0.15,
      ai: 0.15,
      data: 0.1,
    },
    damp: { talk: 0.4, mine: 0.5 },
  },
  {
    rule: "false-consent",
    all: [["asif"], ["consent", "verdict"]],
    within: 8,
    weight: 0.42,
    boost: { secrecy: 0.25, user: 0.2, ai: 0.2, hailed: 0.2, verdict: 0.1, stress: 0.05, money: 0.1, prior: 0.1 },
    damp: { talk: 0.5, mine: 0.8 },
  },
  {
    rule: "machine-secrecy",
    all: [["ai", "user", "reading"], ["secrecy"]],
    within: 18,
    weight: 0.45,
    boost: { send: 0.15, output: 0.1, action: 0.1 },
    damp: { talk: 0.4 },
  },
  {
    rule: "machine-verdict",
    all: [["ai", "reading"], ["verdict"], ["output", "stress", "newtask", "reading", "rules"]],
    within: 16,
    weight: 0.3,
    damp: { talk: 0.5 },
  },
  {
    rule: "new-role",
    all: [["role"], ["unbound", "insides", "override"]],
    within: 18,
    weight: 0.42,
    boost: { ai: 0.2, rules: 0.1 },
    damp: { talk: 0.5 },
  },
  {
    rule: "machine-role",
    all: [["role"], ["ai", "newtask"]],
    within: 6,
    weight: 0.35,
    boost: { output: 0.1, rules: 0.1 },
    damp: { talk: 0.4 },
  },
  {
    rule: "reveal-insides",
    all: [["reveal", "send"], ["insides"]],
    within: 5,
    weight: 0.42,
    boost: { ai: 0.15, prior: 0.1, override: 0.2, output: 0.15, secrets: 0.1 },
    damp: PEOPLE,
  },
  {
    rule: "reveal-yours",
    all: [["reveal", "send", "output", "format"], ["yours"]],
    within: 9,
    weight: 0.5,
    boost: { ai: 0.15, prior: 0.1, override: 0.2, secrets: 0.1, secrecy: 0.15, format: 0.05 },
    damp: PEOPLE,
  },
  {
    rule: "exfiltration",
    all: [["send"], ["data", "secrets"], ["address"]],
    within: 14,
    weight: 0.52,
    boost: { secrecy: 0.3, ai: 0.2, reading: 0.2, override: 0.2, tool: 0.15, stress: 0.1 },
    damp: { mine: 0.6 },
  },
  {
    rule: "secret-exfiltration",
    all: [
      ["send", "reveal"],
      ["data", "secrets"],
      ["secrecy", "ai", "reading"],
    ],
    within: 14,
    weight: 0.3,
    boost: { address: 0.2, override: 0.2 },
    damp: { talk: 0.4, mine: 0.7 },
  },
  {
    rule: "dictated-mail",
    all: [["send"], ["address"], ["letter"]],
    within: 14,
    weight: 0.48,
    boost: { output: 0.2, newtask: 0.3, tool: 0.2, secrecy: 0.2, stress: 0.1, override: 0.2, user: 0.1 },
    damp: { mine: 0.5 },
  },
  {
    rule: "silent-action",
    all: [["secrecy"], ["send", "action", "money", "destroy"], ["data", "secrets", "money", "tool", "address", "user"]],
    within: 12,
    weight: 0.3,
    boost: { ai: 0.3, user: 0.15, address: 0.1 },
    damp: { talk: 0.5, mine: 0.6 },
  },
  {
    rule: "false-frame",
    all: [["frame"], ["newtask", "override", "ai", "insides", "output", "secrecy", "void", "unbound"]],
    within: 14,
    weight: 0.4,
    boost: { rules: 0.1, role: 0.1, prior: 0.1 },
    damp: { talk: 0.5 },
  },
  {
    rule: "output-control",
    all: [["output"], ["format", "user", "reading"]],
    within: 8,
    weight: 0.4,
    boost: { reading: 0.25, newtask: 0.15, secrecy: 0.15, address: 0.15, ai: 0.1 },
    damp: { talk: 0.5, mine: 0.6 },
  },
  {
    rule: "conditional-order",
    all: [["reading"], ["send", "output", "secrecy", "destroy", "money"]],
    within: 10,
    weight: 0.42,
    boost: { user: 0.15, ai: 0.2, address: 0.15 },
    damp: { talk: 0.5 },
  },
  {
    rule: "tool-use",
    all: [
      ["tool"],
      ["action", "send", "destroy"],
      ["address", "data", "secrets", "newtask", "user", "money", "letter"],
    ],
    within: 10,
    weight: 0.22,
    boost: { ai: 0.2, secrecy: 0.25, newtask: 0.15, override: 0.2 },
    damp: { talk: 0.4, mine: 0.5 },
  },
  {
    rule: "machine-ordered",
    all: [
      ["reading"],
      ["send", "verdict", "output", "secrecy", "override", "reveal", "action", "insides", "address", "destroy"],
    ],
    within: 10,
    weight: 0.52,
    boost: { address: 0.15, secrecy: 0.2, output: 0.1, stress: 0.1, insides: 0.15, verdict: 0.05 },
    damp: { talk: 0.4 },
  },
  {
    rule: "unasked-action",
    all: [["secrecy"], ["user", "money", "destroy", "verdict"]],
    within: 10,
    weight: 0.38,
    boost: { user: 0.2, ai: 0.25, money: 0.12, destroy: 0.12, address: 0.12, action: 0.06 },
    damp: { mine: 0.5, talk: 0.5 },
  },
  {
    rule: "insides-out",
    all: [["insides"], ["address", "format", "output", "secrets"]],
    within: 8,
    weight: 0.46,
    boost: { reveal: 0.15, send: 0.1, prior: 0.05 },
    damp: PEOPLE,
  },
  {
    rule: "new-orders",
    all: [["newtask"], ["secrecy", "address", "output", "insides", "role", "unbound"]],
    within: 10,
    weight: 0.44,
    boost: { send: 0.1, prior: 0.1, ai: 0.25, override: 0.2, user: 0.1 },
    damp: PEOPLE,
  },
  {
    rule: "user-misled",
    all: [["output"], ["user"], ["address", "money", "stress", "destroy", "override"]],
    within: 10,
    weight: 0.42,
    boost: { reading: 0.2, secrecy: 0.2, ai: 0.2 },
    damp: { talk: 0.5, mine: 0.6 },
  },
];
