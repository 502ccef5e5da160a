import { type CompiledModel, compileModel } from "../../../src/policy/injection/model.ts";
import { scoreWith } from "../../../src/policy/injection/score.ts";
import { attackSamples, benignSamples, FAMILIES, hardSamples, type Sample } from "./data-set.ts";
import { fit } from "./fit.ts";
import { seeded } from "./generate.ts";

export function scoresOf(model: CompiledModel, samples: readonly Sample[]): number[] {
  return samples.map(({ text }) => scoreWith(model, { subject: "", text }, {}).score);
}

export function partAbove(scores: readonly number[], threshold: number): number {
  return scores.filter((score) => score >= threshold).length / scores.length;
}

/** The score that one ordinary mail in a hundred reaches. */
export function thresholdFor(benign: readonly number[], part = 0.01): number {
  return benign.toSorted((a, b) => b - a)[Math.floor(benign.length * part)] ?? 1;
}

/** What the scorer makes of each family when its model never saw it. */
export function heldOutFamilies(): { family: string; recall: number }[] {
  const benign = benignSamples(seeded(77), 600, "test");
  return FAMILIES.map((family) => {
    const model = compileModel(
      fit(
        FAMILIES.filter((other) => other !== family),
        "training",
      ),
    );
    const threshold = Math.max(0.5, thresholdFor(scoresOf(model, benign)));
    const attacks = attackSamples(seeded(78), { families: [family], part: "all", each: 6 });
    return { family, recall: partAbove(scoresOf(model, attacks), threshold) };
  });
}

/** Templates that the model never saw, of families that it knows. */
export function unseenTemplates(): { recall: number; falsePositives: number; overDefence: number } {
  const model = compileModel(fit(FAMILIES, "training"));
  const score = (samples: readonly Sample[]) => partAbove(scoresOf(model, samples), 0.5);
  return {
    recall: score(attackSamples(seeded(79), { families: FAMILIES, part: "test", each: 12 })),
    falsePositives: score(benignSamples(seeded(80), 2000, "test")),
    overDefence: score(hardSamples(seeded(81), 1000, "test")),
  };
}
