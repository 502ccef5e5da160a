import type { RenderedLink } from "../html/render.ts";
import { LINK_WORDS, OTHER_LINK_WORDS } from "../locale/verification.ts";
import type { MailAddress } from "../message.ts";
import { unwrapLink } from "./wrappers.ts";

/** A link of a mail and whether it is the one that confirms. */
export interface LinkCandidate {
  value: string;
  host: string;
  /** 0 to 1. */
  score: number;
  reason: string;
  /** Why it was not taken though its words fit. */
  refused?: string;
  wanted: boolean;
}

const MOST_LINKS = 500;
const LONGEST_URL = 4000;
const URL_IN_TEXT = /https?:\/\/[^\s<>"“”]{4,4000}/giu;
const SECRET =
  /[?&#/=](?:[\w-]{0,20}(?:token|code|key|ticket|sig|hash|otp|secret|nonce|oob)[\w-]{0,20}=)?[\w.~%+-]{16,}/i;
/** Second-level registries under which organisations register. */
const REGISTRIES = /^(?:co|com|org|net|gov|edu|ac|or|ne|go|gob|gov|nom|ltd|plc|me)\.[a-z]{2}$/;
/** Servers that count clicks for their customers; the address behind is not visible. */
const CLICK_COUNTERS = [
  "sendgrid.net",
  "mandrillapp.com",
  "list-manage.com",
  "mailchimp.com",
  "mailgun.org",
  "sparkpostmail.com",
  "awstrack.me",
  "postmarkapp.com",
  "mjt.lu",
  "customeriomail.com",
  "hubspotlinks.com",
  "rs6.net",
  "exacttarget.com",
  "mailjet.com",
  "sendibm1.com",
  "brevo.com",
  "klclick.com",
  "pstmrk.it",
];

/** The links of a mail by how likely each is the one to follow. Hosts are checked against the sender; none is fetched. */
export function findLinks(
  links: readonly RenderedLink[],
  text: string,
  from: MailAddress | undefined,
): LinkCandidate[] {
  const all =
    links.length > 0
      ? links.slice(0, MOST_LINKS).map(({ href, text: label }) => ({ href, label }))
      : Array.from(text.slice(0, 200_000).matchAll(URL_IN_TEXT), (match) => ({
          href: match[0].replace(/[.,;:!?)\]}'"]+$/, ""),
          label: lineBefore(text, match.index),
        }));
  const candidates = new Map<string, LinkCandidate>();
  for (const { href, label } of all.slice(0, MOST_LINKS)) {
    const candidate = candidateOf(href.trim(), label, from);
    if (candidate === undefined) continue;
    const known = candidates.get(candidate.value);
    if (known === undefined || candidate.score > known.score) candidates.set(candidate.value, candidate);
  }
  return [...candidates.values()].toSorted((a, b) => b.score - a.score);
}

function lineBefore(text: string, at: number): string {
  return (
    text
      .slice(Math.max(0, at - 160), at)
      .split(/\n\s*\n/)
      .at(-1) ?? ""
  );
}

function candidateOf(href: string, label: string, from: MailAddress | undefined): LinkCandidate | undefined {
  const value = unwrapLink(href.slice(0, LONGEST_URL));
  const url = parsed(value);
  if (url === undefined) return undefined;
  const shown = label.toLowerCase().replace(/\s+/g, " ").trim();
  const address = decoded(`${url.pathname}${url.search}${url.hash}`).toLowerCase();
  const host = url.hostname;
  const base = { value, host };
  const inAddress = LINK_WORDS.find((word) => address.includes(word));
  const inLabel = LINK_WORDS.find((word) => shown.includes(word));
  const other = OTHER_LINK_WORDS.find((word) => address.includes(word) || (shown.length < 80 && shown.includes(word)));
  const wanted = inAddress !== undefined || inLabel !== undefined;
  if (other !== undefined) return { ...base, score: 0, reason: "", refused: `it says "${other}"`, wanted: false };
  if (!wanted) return { ...base, score: 0, reason: "", wanted };
  if (url.username !== "") return { ...base, score: 0, reason: "", refused: "it hides its host behind a name", wanted };
  const pretended = /^(?:https?:\/\/)?((?:[a-z0-9-]{1,63}\.)+[a-z]{2,24})(?:[/?#]|$)/.exec(shown)?.[1];
  if (pretended !== undefined && organisationOf(pretended) !== organisationOf(host))
    return { ...base, score: 0, reason: "", refused: `it shows ${pretended}`, wanted };
  const trust = trustOf(host, from);
  if (trust === undefined) return { ...base, score: 0, reason: "", refused: "it is not a host of the sender", wanted };
  let score =
    0.2 +
    trust +
    (inAddress === undefined ? 0 : 0.2) +
    (inLabel === undefined ? 0 : 0.2) +
    (SECRET.test(url.pathname + url.search + url.hash) ? 0.15 : 0);
  if (url.pathname === "/" && url.search === "" && url.hash === "") score -= 0.5;
  return { ...base, score: Math.min(0.99, score), reason: `"${inLabel ?? inAddress ?? ""}" at ${host}`, wanted };
}

/** The sender's own host counts most, a server that counts clicks for it less, a stranger's not at all. */
function trustOf(host: string, from: MailAddress | undefined): number | undefined {
  if (/^\d{1,3}(?:\.\d{1,3}){3}$|^\[/.test(host) && from !== undefined) return undefined;
  if (from === undefined) return 0.1;
  const domain = from.address.split("@").at(-1)?.toLowerCase() ?? "";
  if (organisationOf(domain) === organisationOf(host)) return 0.25;
  return CLICK_COUNTERS.some((counter) => host === counter || host.endsWith(`.${counter}`)) ? 0.05 : undefined;
}

/** The registered domain, as far as it can be told without the Public Suffix List. */
function organisationOf(host: string): string {
  const labels = host.toLowerCase().replace(/\.$/, "").split(".");
  const two = labels.slice(-2).join(".");
  return REGISTRIES.test(two) ? labels.slice(-3).join(".") : two;
}

function parsed(href: string): URL | undefined {
  const url = URL.parse(href);
  return url === null || (url.protocol !== "https:" && url.protocol !== "http:") ? undefined : url;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
