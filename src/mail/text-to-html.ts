/** A text as HTML that shows it: escaped, in paragraphs, and nothing more. */
export function textToHtml(text: string): string {
  const escaped = text
    .replace(/\r\n?/g, "\n")
    .trimEnd()
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/"/g, "&quot;");
  const paragraphs = escaped.split(/\n(?:[ \t]*\n)+/).filter((paragraph) => paragraph.trim() !== "");
  return paragraphs.map((paragraph) => `<p>${paragraph.replaceAll("\n", "<br>\n")}</p>\n`).join("");
}
