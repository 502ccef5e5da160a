/** All phrases of a table of languages, without doubles. */
export function phrasesOf(table: Readonly<Record<string, readonly string[]>>): string[] {
  return [...new Set(Object.values(table).flat())];
}

const SPACELESS = /[\u0E00-\u0E7F\u3040-\u30FF\u3400-\u9FFF\uAC00-\uD7AF]/;

/** The source of an expression that finds one of the phrases as whole words; longest first, literal, so that it cannot run away. */
export function anyOf(phrases: readonly string[]): string {
  const sorted = [...new Set(phrases)].toSorted((a, b) => b.length - a.length);
  const spaced = sorted.filter((p) => !SPACELESS.test(p)).map(escapePattern);
  const spaceless = sorted.filter((p) => SPACELESS.test(p)).map(escapePattern);
  const parts = [];
  if (spaced.length > 0) parts.push(`(?<![\\p{L}\\p{N}])(?:${spaced.join("|")})(?![\\p{L}\\p{N}])`);
  if (spaceless.length > 0) parts.push(`(?:${spaceless.join("|")})`);
  return `(?:${parts.join("|")})`;
}

export function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}

/** A test of whether lower-case text starts with one of the phrases. */
export function startsWithAny(phrases: readonly string[]): (text: string) => boolean {
  const byFirst = new Map<string, string[]>();
  for (const phrase of phrases) {
    const key = phrase.slice(0, 1);
    const list = byFirst.get(key);
    if (list === undefined) byFirst.set(key, [phrase]);
    else list.push(phrase);
  }
  return (text) => byFirst.get(text.slice(0, 1))?.some((phrase) => text.startsWith(phrase)) ?? false;
}
