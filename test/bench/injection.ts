import { scoreInjection } from "../../src/policy/injection-score.ts";
import { ATTACK_MAILS, HONEST_MAILS } from "../policy/injection/cases.ts";
import { benignSamples } from "../training/injection/data-set.ts";
import { seeded } from "../training/injection/generate.ts";
import { heldOutFamilies, unseenTemplates } from "../training/injection/measure.ts";
import { milliseconds, percentile, type Row } from "./row.ts";

const MEGABYTE = 1_000_000;

export async function bench(): Promise<Row[]> {
  const mails = benignSamples(seeded(11), 1000, "all");
  mails.forEach(({ text }) => scoreInjection({ subject: "", text }));
  const times = mails.map(({ text }) => timed(text));
  const long = mails
    .map(({ text }) => text)
    .join("\n\n")
    .repeat(4)
    .slice(0, MEGABYTE);
  const megabyte = percentile(
    Array.from({ length: 15 }, () => timed(long)),
    0.5,
  );
  const byHand = (list: readonly string[]) =>
    list.filter((text) => scoreInjection({ subject: "", text }).score >= 0.5).length / list.length;
  const families = heldOutFamilies();
  const unseen = unseenTemplates();
  return [
    row("mail, 99th percentile", milliseconds(percentile(times, 0.99)), "< 3 ms", percentile(times, 0.99) < 3),
    row("1 MB, median", milliseconds(megabyte), "< 50 ms", megabyte < 50),
    row("written by hand: attacks found", percent(byHand(ATTACK_MAILS)), "≥ 75 %", byHand(ATTACK_MAILS) >= 0.75),
    row("written by hand: honest mails stopped", percent(byHand(HONEST_MAILS)), "≤ 2 %", byHand(HONEST_MAILS) <= 0.02),
    row("new templates of known families: found", percent(unseen.recall)),
    row(
      "new templates: ordinary mails stopped",
      percent(unseen.falsePositives),
      "≤ 1 %",
      unseen.falsePositives <= 0.01,
    ),
    row(
      "new templates: mails about machines stopped",
      percent(unseen.overDefence),
      "≤ 2 %",
      unseen.overDefence <= 0.02,
    ),
    row(
      "families left out of the training: found, mean",
      percent(families.reduce((sum, { recall }) => sum + recall, 0) / families.length),
    ),
    ...families.map(({ family, recall }) => row(`  without ${family}`, percent(recall))),
  ];
}

function row(what: string, value: string, target?: string, ok?: boolean): Row {
  return { what: `injection: ${what}`, value, ...(target !== undefined && { target, ok: ok ?? false }) };
}

function percent(part: number): string {
  return `${(part * 100).toFixed(1)} %`;
}

/** The quickest of three: what other processes do to the clock is not ours, and CPU time is counted in ticks that are longer than a mail takes. */
function timed(text: string): number {
  const times = [0, 0, 0].map(() => {
    const start = performance.now();
    scoreInjection({ subject: "", text });
    return performance.now() - start;
  });
  return Math.min(...times);
}
