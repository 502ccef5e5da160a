import { TOPICS } from "./attacks.ts";

export type Random = () => number;

/** Mulberry32: small, and the same everywhere. */
export function seeded(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export function pick<T>(random: Random, list: readonly T[]): T {
  return list[Math.floor(random() * list.length)] as T;
}

export function linesOf(templates: string): string[] {
  return templates
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

const NAMES = "Anna|Tom Reed|Maria Lopez|J. Okafor|Li Wei|Svetlana|Karl|Priya|Omar|Emma Berg".split("|");
const HOSTS =
  "mailbox.example|gmx.example|corp.example|attack.example|fastmail.test|acme.test|inbox.example|contact.example".split(
    "|",
  );

/** One text of a template. */
export function expand(template: string, random: Random): string {
  let text = template;
  for (let again = true; again;) {
    again = false;
    text = text.replace(/\{([^{}]*\|[^{}]*)\}/g, (_, options: string) => {
      again = true;
      return pick(random, options.split("|"));
    });
  }
  return text
    .replace(
      /EMAIL/g,
      () => `${pick(random, ["info", "contact", "j.doe", "collect", "sales", "amy.k", "x1"])}@${pick(random, HOSTS)}`,
    )
    .replace(
      /URL/g,
      () =>
        `https://${pick(random, ["www", "app", "secure", "go"])}.${pick(random, HOSTS)}/${pick(random, ["a", "login", "r?id=7", "news"])}`,
    )
    .replace(/NAME/g, () => pick(random, NAMES))
    .replace(/NUMBER/g, () => String(Math.floor(random() * 90_000) + 100))
    .replace(/TOPIC/g, () => pick(random, TOPICS))
    .replace(/ {2,}/g, " ");
}

const GREETINGS = "Hi,|Hello Anna,|Dear all,|Good morning,|Dear Sir or Madam,|Hey,||".split("|");
const SIGN_OFFS =
  "Best regards\nTom|Thanks!\nMaria|Kind regards,\nJ. Okafor\nSales|Cheers|Yours sincerely\nK. Berg||".split("|");

/** A mail of some sentences. */
export function mailOf(sentences: readonly string[], random: Random): string {
  const gap = pick(random, [" ", "\n", "\n\n", " "]);
  return [pick(random, GREETINGS), sentences.join(gap), pick(random, SIGN_OFFS)]
    .filter((part) => part !== "")
    .join("\n\n");
}
