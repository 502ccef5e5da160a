import { defaultModel } from "./injection/default-model.ts";
import { type ScoredMail, type ScoreOptions, type InjectionScore, scoreWith } from "./injection/score.ts";

export { spotlight } from "./injection/spotlight.ts";
export {
  INJECTION_THRESHOLDS,
  type InjectionReason,
  type InjectionScore,
  type InjectionThresholds,
  type ScoredMail,
  type ScoreOptions,
} from "./injection/score.ts";

/**
 * How much a mail looks like an attempt to give orders to a machine that reads it. Pure, linear in the size of the mail, and without a network: marks of structure, phrases in about fifteen languages,
 * and a small linear model of our own. It narrows what reaches a graph; it does not make the text safe: {@link spotlight} whatever passes.
 */
export function scoreInjection(mail: ScoredMail, options: ScoreOptions = {}): InjectionScore {
  return scoreWith(defaultModel(), mail, options);
}
