/** Characters that nobody sees, apart from the joiners that some scripts need. */
const UNSEEN = /[\u200B\u200E\u200F\u202A-\u202E\u2060-\u206F\uFEFF\u{E0000}-\u{E007F}]/gu;
const MARK_LENGTH = 3;

/**
 * Marks untrusted text for a prompt: between two delimiters, and with a mark in place of the white space within a line, so that a model can tell at every word
 * what is data (Hines et al., arXiv 2403.14720). The prompt must say what both mean. For the marker `k7q2x9` the result is `<<k7q2x9`, the text as `Dear^k7q^Ann,`, and `k7q2x9>>`, each on its own lines.
 * @param marker Fresh and random for each prompt: 6 to 64 letters and digits. Throws a `RangeError` for anything else. Where the text holds it, it is taken out, so that nothing inside can end the block.
 */
export function spotlight(text: string, marker: string): string {
  if (!/^[A-Za-z0-9]{6,64}$/.test(marker)) throw new RangeError("A marker is 6 to 64 letters and digits.");
  const plain = text.replace(UNSEEN, "").replaceAll(marker, " ");
  const marked = plain.trim().replace(/[^\S\n]+/g, `^${marker.slice(0, MARK_LENGTH)}^`);
  return `<<${marker}\n${marked}\n${marker}>>`;
}
