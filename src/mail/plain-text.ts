import type { MailMessage } from "./message.ts";

const TEXT_LIMIT = 1_048_576;

/** What a mail says, to search in and never to show: its text, or its HTML with the tags taken out. At most the first Mi characters. */
export function searchableText(message: Pick<MailMessage, "text" | "html">): string {
  return (message.text ?? withoutTags(message.html?.slice(0, TEXT_LIMIT) ?? "")).slice(0, TEXT_LIMIT);
}

const ENTITIES: Record<string, string> = { lt: "<", gt: ">", amp: "&", quot: '"', nbsp: " ", apos: "'", shy: "" };

function withoutTags(html: string): string {
  let out = "";
  let position = 0;
  let skipUntil: string | undefined;
  while (position < html.length) {
    const open = html.indexOf("<", position);
    const close = open < 0 ? -1 : html.indexOf(">", open);
    if (skipUntil === undefined) out += html.slice(position, open < 0 ? html.length : open);
    if (close < 0) break;
    const tag = /^<(\/?[a-z][a-z0-9]*)/i.exec(html.slice(open, open + 20))?.[1]?.toLowerCase() ?? "";
    if (skipUntil !== undefined) {
      if (tag === skipUntil) skipUntil = undefined;
    } else if (tag === "style" || tag === "script") skipUntil = `/${tag}`;
    else if (/^\/?(?:br|p|div|tr|td|th|li|ul|ol|h[1-6]|table|blockquote|pre|hr)$/.test(tag)) out += "\n";
    position = close + 1;
  }
  return out.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{1,6}));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES[String(name).toLowerCase()] ?? whole;
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : "";
  });
}
