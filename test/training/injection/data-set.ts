import { CONCEPTS, FOR_RULES_ONLY, LEXICON } from "../../../src/policy/injection/lexicon.ts";
import { ATTACKS, ATTACKS_BY_LANGUAGE } from "./attacks.ts";
import { BENIGN, BENIGN_BY_LANGUAGE } from "./benign.ts";
import { expand, linesOf, mailOf, pick, type Random } from "./generate.ts";

export interface Sample {
  text: string;
  family: string;
  /** The template, or the only sample of its kind. */
  origin: string;
  /** Where the injection stands; none in an ordinary mail. */
  injection?: [start: number, end: number];
}

export const FAMILIES: readonly string[] = [...Object.keys(ATTACKS), ...Object.keys(ATTACKS_BY_LANGUAGE)];

/** Which templates of a family: every fourth is kept for the test of templates that are new in a known family. */
export type Part = "training" | "test" | "all";

function templatesOf(set: Record<string, string>, family: string, part: Part): string[] {
  return linesOf(set[family] ?? "").filter((_, i) => part === "all" || (i % 4 === 3) === (part === "test"));
}

export function attackSamples(
  random: Random,
  options: { families: readonly string[]; part: Part; each: number },
): Sample[] {
  const { families, part, each } = options;
  return families.flatMap((family) => {
    const foreign = family in ATTACKS_BY_LANGUAGE;
    const templates = templatesOf(foreign ? ATTACKS_BY_LANGUAGE : ATTACKS, family, part);
    return templates.flatMap((template) =>
      Array.from({ length: each }, () => attackSample(random, family, template, foreign ? family : "en")),
    );
  });
}

function attackSample(random: Random, family: string, template: string, language: string): Sample {
  const order = expand(template, random);
  if (random() < 0.35) return { text: order, family, origin: template, injection: [0, order.length] };
  const sentences = benignSentences(random, 1 + Math.floor(random() * 5), language, "training");
  const mark = "\u0001";
  sentences.splice(Math.floor(random() * (sentences.length + 1)), 0, mark);
  const text = mailOf(sentences, random);
  const at = text.indexOf(mark);
  return { text: text.replace(mark, () => order), family, origin: template, injection: [at, at + order.length] };
}

export function benignSamples(random: Random, count: number, part: Part): Sample[] {
  const languages = Object.keys(BENIGN_BY_LANGUAGE);
  return Array.from({ length: count }, (_, i) => {
    const language = random() < 0.25 ? pick(random, languages) : "en";
    const length = random() < 0.3 ? 1 : 2 + Math.floor(random() * 7);
    return {
      text: mailOf(benignSentences(random, length, language, part), random),
      family: "benign",
      origin: `benign ${i}`,
    };
  });
}

/** Mails about machines, instructions and prompts: each sentence is one that a filter may stumble over. */
export function hardSamples(random: Random, count: number, part: Part): Sample[] {
  const templates = ["hard", "people", "machines", "developers"].flatMap((kind) => templatesOf(BENIGN, kind, part));
  return Array.from({ length: count }, (_, i) => ({
    text: mailOf(
      Array.from({ length: 1 + Math.floor(random() * 2) }, () => expand(pick(random, templates), random)),
      random,
    ),
    family: "hard",
    origin: `hard ${i}`,
  }));
}

function benignSentences(random: Random, count: number, language: string, part: Part): string[] {
  if (language !== "en") {
    const templates = templatesOf(BENIGN_BY_LANGUAGE, language, "all");
    return Array.from({ length: Math.min(count, 3) }, () => expand(pick(random, templates), random));
  }
  const kinds = Object.keys(BENIGN);
  const kind = pick(random, kinds);
  return Array.from({ length: count }, () => {
    const templates = templatesOf(BENIGN, random() < 0.7 ? kind : pick(random, kinds), part);
    return expand(pick(random, templates), random);
  });
}

const FILLERS =
  "the of and a to in is it that he was for on are with as his they at be this from have or by one had not but what all were when we there can an your which their said if do will each about how up out them then she many some so these would other into has more her two like him see time could no make than first been its who now people my made over did down only way find use may water long little very after words called just where most know get through back much before go good new write our used me man too any day same right look think also around another came come work three word must because does part even place well such here take why things help put years different away again off went old number great tell men say small every found still between name should home big give air line set own under read last never us left end along while might next sound below saw something thought both few those always looked show large often together asked house world going want school important until form food keep children feet land side without boy once animal life enough took four head above kind began almost live page got earth need far hand high year mother light country father let night picture being study second soon story since white ever paper hard near sentence better best across during today however sure knew try told young sun thing whole hear example heard several change answer room sea against top turned learn point city play toward five using himself usually".split(
    " ",
  );

/** Words of the lexicon strewn into plain words: that two of them meet by chance must mean nothing. */
export function noiseSamples(random: Random, count: number): Sample[] {
  const phrases = CONCEPTS.filter((concept) => !FOR_RULES_ONLY.has(concept)).map((concept) =>
    LEXICON[concept]
      .split(/[,\n]/)
      .slice(0, 40)
      .map((phrase) =>
        phrase
          .replace(/\(([^()|]*)[^()]*\)/g, "$1")
          .replaceAll("*", "")
          .trim(),
      ),
  );
  return Array.from({ length: count }, (_, i) => {
    const density = 0.1 + random() * 0.25;
    const words = Array.from({ length: 12 + Math.floor(random() * 20) }, () =>
      random() < density ? pick(random, pick(random, phrases)) : pick(random, FILLERS),
    );
    return { text: words.join(" "), family: "noise", origin: `noise ${i}` };
  });
}
