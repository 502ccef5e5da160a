import { renderHtml, type RenderedLink } from "./html/render.ts";
import { removeHiddenCharacters } from "./history/hidden-characters.ts";
import type { MailAddress } from "./message.ts";
import { stripThreadHistory } from "./strip-thread-history.ts";
import { findCodes } from "./verification/codes.ts";
import { expiryOf } from "./verification/expiry.ts";
import { findLinks } from "./verification/links.ts";

/** A one-time code or a link that confirms something, as a mail brings it. */
export interface Verification {
  /** As it is to be typed: digits without spaces or dashes between them. */
  code?: string;
  /** The address behind the link, out of the wrappers of mail gateways. It is never fetched. */
  link?: string;
  /** ISO 8601; where the mail says how long it holds and its date is known. */
  expiresAt?: string;
  /** 0 to 1; 0 where nothing was found. */
  confidence: number;
  /** Why it was taken, or what was left and why. */
  reasons: string[];
}

export interface VerificationMail {
  subject?: string;
  text?: string;
  html?: string;
  from?: MailAddress;
  /** ISO 8601. */
  date?: string;
}

const SURE = 0.5;

/** Finds the one-time code and the confirming link of a mail; leaves out what it is not sure of, rather than guess. */
export function extractVerification(mail: VerificationMail): Verification {
  const rendered =
    mail.html === undefined || mail.html.trim() === "" ? undefined : renderHtml(removeHiddenCharacters(mail.html).text);
  const seen =
    rendered === undefined ? undefined : visibleText(rendered.lines.map((line) => line.text).join("\n"), mail, true);
  const plain = mail.text === undefined ? "" : visibleText(mail.text, mail, false);
  const body = seen === undefined || seen.trim() === "" ? plain : seen;
  const reasons: string[] = [];
  const code = codeOf(mail.subject ?? "", body, seen === undefined ? "" : plain, reasons);
  const link = linkOf(rendered?.links, plain, mail.from, reasons);
  const expiresAt =
    code === undefined && link === undefined ? undefined : expiryOf(`${mail.subject ?? ""}\n${body}`, mail.date);
  const confidence = Math.max(code?.score ?? 0, link?.score ?? 0);
  return {
    ...(code === undefined ? {} : { code: code.value }),
    ...(link === undefined ? {} : { link: link.value }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    confidence: Math.round(Math.min(0.99, confidence) * 100) / 100,
    reasons,
  };
}

interface Scored {
  value: string;
  score: number;
}

/** The newest part of the mail; the whole of it where nothing is left. */
function visibleText(text: string, mail: VerificationMail, rendered: boolean): string {
  const parts = stripThreadHistory(
    rendered ? { text: text.replace(/^>/gm, " >") } : mail.html === undefined ? { text } : { text },
  );
  const kept = [parts.text, parts.signature].filter((part) => part !== "").join("\n\n");
  return kept === "" ? removeHiddenCharacters(text).text : kept;
}

function codeOf(subject: string, body: string, alternative: string, reasons: string[]): Scored | undefined {
  const found = findCodes(subject, body);
  const best = found[0];
  if (best === undefined || best.score < SURE) {
    if (alternative !== "" && best === undefined) return codeOf(subject, alternative, "", reasons);
    if (best !== undefined) reasons.push(`"${best.value}" may be a code, but ${best.reason}`);
    return undefined;
  }
  const rival = found.find((other) => other.value !== best.value && other.score > best.score - 0.08);
  if (rival !== undefined) {
    reasons.push(`"${best.value}" and "${rival.value}" could both be the code`);
    return undefined;
  }
  reasons.push(`code: ${best.reason}`);
  return { value: best.value, score: best.score };
}

function linkOf(
  links: readonly RenderedLink[] | undefined,
  plain: string,
  from: MailAddress | undefined,
  reasons: string[],
): Scored | undefined {
  const found = findLinks(links ?? [], links === undefined || links.length === 0 ? plain : "", from);
  const best = found.find((link) => link.score >= SURE);
  for (const link of found)
    if (link.refused !== undefined && link.wanted) reasons.push(`link to ${link.host} left out: ${link.refused}`);
  if (best === undefined) return undefined;
  const rival = found.find(
    (other) =>
      other.value !== best.value && other.score >= SURE && other.score > best.score - 0.02 && other.host !== best.host,
  );
  if (rival !== undefined) {
    reasons.push(`links to ${best.host} and ${rival.host} could both be meant`);
    return undefined;
  }
  reasons.push(`link: ${best.reason}`);
  return { value: best.value, score: best.score };
}
