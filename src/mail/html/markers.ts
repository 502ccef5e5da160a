import type { Attributes } from "./tags.ts";

/**
 * What a mail program says with an element:
 * `quote` quoted mail, through and through · `container` quoted mail with its attribution, in which answers may stand
 * between block quotes · `attribution` · `divider` the quoted mail starts here · `announced` a header block may follow ·
 * `signature` · `indent` a block quote that only indents the author's own words
 */
export type Marker = "quote" | "container" | "attribution" | "divider" | "announced" | "signature" | "indent";

const CLASSES: ReadonlyMap<string, Marker> = new Map<string, Marker>([
  ["gmail_quote", "container"],
  ["gmail_quote_container", "container"],
  ["gmail_extra", "indent"],
  ["gmail_attr", "attribution"],
  ["gmail_signature", "signature"],
  ["moz-cite-prefix", "attribution"],
  ["moz-email-headers-table", "attribution"],
  ["moz-forward-container", "container"],
  ["moz-signature", "signature"],
  ["moz-txt-sig", "signature"],
  ["yahoo_quoted", "container"],
  ["ymail_android_signature", "signature"],
  ["yahoo-signature", "signature"],
  ["protonmail_quote", "container"],
  ["protonmail_signature_block", "signature"],
  ["tutanota_quote", "quote"],
  ["tutanota_signature", "signature"],
  ["zmail_extra", "container"],
  ["zmail_extra_hr", "announced"],
  ["appleoriginalcontents", "quote"],
  ["front-blockquote", "quote"],
  ["front-signature", "signature"],
  ["freshdesk_quote", "container"],
  ["quotedreply", "quote"],
  ["notion-mail-quote", "container"],
  ["alimail-quote", "container"],
  ["lark-mail-quote", "container"],
  ["history-quote-wrapper", "container"],
  ["missive_quote", "container"],
  ["hs_reply", "container"],
  ["ms-outlook-mobile-reference-message", "container"],
  ["elementtoproof-signature", "signature"],
  ["sh-signature", "signature"],
  ["mail-quote-collapse", "container"],
  ["mailspring-quote", "container"],
  ["nylas-quote", "container"],
  ["nylas-n1-signature", "signature"],
  ["mcntgmail_quote", "container"],
]);

const IDS: ReadonlyMap<string, Marker> = new Map<string, Marker>([
  ["divrplyfwdmsg", "divider"],
  ["appendonsend", "announced"],
  ["mail-editor-reference-message-container", "container"],
  ["olk_src_body_section", "container"],
  ["stopspelling", "announced"],
  ["isreplycontent", "container"],
  ["signature", "signature"],
  ["ms-outlook-mobile-signature", "signature"],
  ["mail-editor-signature", "signature"],
  ["applemailsignature", "signature"],
  ["linemailsignature", "signature"],
  ["protonmail_signature_block", "signature"],
  ["composer_signature", "signature"],
  ["replyblockquote", "quote"],
]);

const NAMES: ReadonlyMap<string, Marker> = new Map<string, Marker>([
  ["quote", "container"],
  ["messagereplysection", "container"],
  ["messagesignaturesection", "signature"],
]);

/** Outlook draws the line above its header block with these. */
const BORDER_TOP =
  /border-top:\s*(?:solid|[\d.]+(?:pt|px)\s+solid)\s*#?(?:e1e1e1|b5c4df|b5b5b5|ccc|cccccc)|border-top:\s*(?:solid|[\d.]+(?:pt|px)\s+solid)\s*(?:#|rgb)[^;]{3,20}1\.0pt/;

/** What the tag means; Outlook puts `x_` before the classes and ids of what it forwards. */
export function markerOf(tag: string, attributes: Attributes): Marker | undefined {
  if (attributes.size === 0) return tag === "blockquote" ? "quote" : undefined;
  const id = bare(attributes.get("id") ?? "");
  const classes = (attributes.get("class") ?? "").split(/\s+/, 12).map(bare);
  if (tag === "blockquote") return blockquoteMarker(attributes);
  if (id !== "") {
    const marker = IDS.get(id);
    if (marker !== undefined) return marker;
    if (id.startsWith("yahoo_quoted")) return "container";
    if (id.endsWith("reply-intro")) return "attribution";
  }
  for (const name of classes) {
    const marker = CLASSES.get(name);
    if (marker !== undefined) return marker;
    if (name.startsWith("yahoo_quoted")) return "container";
  }
  if (tag === "div" && classes.includes("history")) return "container";
  if (tag !== "a") {
    const named = NAMES.get((attributes.get("name") ?? "").toLowerCase());
    if (named !== undefined) return named;
  }
  if ((attributes.get("title") ?? "").startsWith("beforequote")) return "container";
  if (tag === "hr" && attributes.get("data-marker") === "__DIVIDER__") return "announced";
  const style = attributes.get("style");
  return style !== undefined && BORDER_TOP.test(style.slice(0, 1000).toLowerCase()) ? "announced" : undefined;
}

/** Mail programs indent with block quotes too: without a border, a fixed margin, no type. */
function blockquoteMarker(attributes: Attributes): Marker {
  const style = (attributes.get("style") ?? "").toLowerCase().replace(/\s+/g, "");
  const cited = attributes.get("type")?.toLowerCase() === "cite" || (attributes.get("class") ?? "") !== "";
  return !cited && /border:(?:none|medium|0)/.test(style) && /margin(?:-left)?:[^;]*(?:40px|30px|35px)/.test(style)
    ? "indent"
    : "quote";
}

function bare(name: string): string {
  return name.toLowerCase().replace(/^(?:x_)+/, "");
}
