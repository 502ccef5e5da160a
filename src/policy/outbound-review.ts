import { renderHtml } from "../mail/html/render.ts";
import { type AttachmentRules, refusedAttachment } from "./attachments.ts";
import { findLinkProblems, type LinkRules } from "./outbound/links.ts";
import { findPersonalData } from "./outbound/personal-data.ts";
import { findSecrets } from "./outbound/secrets.ts";
import { asRead, type Match, type ReviewedText } from "./outbound/text.ts";

/** `send`: let it go · `hold`: keep it until a person has approved it · `refuse`: an error for the sender. */
export type ReviewVerdict = "send" | "hold" | "refuse";

/** What was found in a mail that is to go out. Never holds the secret itself. */
export interface ReviewFinding {
  /** Such as `github-token`, `card-number`, `link-domain`. */
  rule: string;
  /** `subject`, `body`, `html`, or the attachment. */
  where: string;
  excerpt: string;
}

/** What goes out: as the sender wrote it, before the kit adds what it needs. */
export interface OutgoingContent {
  subject: string;
  body: string;
  html?: string | undefined;
  attachments: readonly { filename: string; contentType: string; content: Uint8Array | string }[];
}

/** Each with what follows from a finding; undefined where it is not looked for. */
export interface ReviewRules {
  secrets: ReviewVerdict;
  personalData: ReviewVerdict;
  links: (LinkRules & { verdict: ReviewVerdict }) | undefined;
  attachments: (AttachmentRules & { verdict: ReviewVerdict }) | undefined;
}

export interface ReviewResult {
  verdict: ReviewVerdict;
  findings: ReviewFinding[];
}

/** Finds the values that only this installation knows, in the text as they are or percent-encoded. */
export type OwnSecrets = (text: string) => Match[];

/** Shorter ones, such as `dev`, are in too many words. */
const LEAST_OWN_SECRET = 8;

export function ownSecrets(secrets: readonly string[]): OwnSecrets {
  const long = secrets.filter((secret) => secret.length >= LEAST_OWN_SECRET);
  const forms = [...new Set(long.flatMap((secret) => [secret, asRead(secret), encodeURIComponent(secret)]))];
  return (text) =>
    forms.flatMap((form) => {
      const start = text.indexOf(form);
      return start < 0 ? [] : [{ rule: "own-credential", start, end: start + form.length, excerpt: "…" }];
    });
}

const SEVERITY = { send: 0, hold: 1, refuse: 2 } as const satisfies Record<ReviewVerdict, number>;

export function severest(verdicts: readonly ReviewVerdict[]): ReviewVerdict {
  return verdicts.reduce((worst, verdict) => (SEVERITY[verdict] > SEVERITY[worst] ? verdict : worst), "send");
}

/** Looks through a mail that is to go out. What the rules let go is not looked for. */
export function reviewContent(content: OutgoingContent, rules: ReviewRules, own: OwnSecrets): ReviewResult {
  const findings: ReviewFinding[] = [];
  const verdicts: ReviewVerdict[] = [];
  const note = (verdict: ReviewVerdict, found: readonly ReviewFinding[]) => {
    for (const { rule, where, excerpt } of found) {
      verdicts.push(verdict);
      if (!findings.some((known) => known.rule === rule && known.where === where && known.excerpt === excerpt))
        findings.push({ rule, where, excerpt });
    }
  };
  const matches = (texts: readonly ReviewedText[], find: (text: string) => Match[]) =>
    texts.flatMap(({ where, text }) => find(asRead(text)).map(({ rule, excerpt }) => ({ rule, where, excerpt })));

  const { texts, sources } = textsOf(content);
  if (rules.secrets !== "send") {
    note(
      rules.secrets,
      matches([...texts, ...sources], (text) => [...own(text), ...findSecrets(text)]),
    );
  }
  if (rules.personalData !== "send") note(rules.personalData, matches(texts, findPersonalData));
  if (rules.links) note(rules.links.verdict, findLinkProblems(content, rules.links));
  if (rules.attachments) note(rules.attachments.verdict, attachmentProblems(content, rules.attachments));
  return { verdict: severest(verdicts), findings };
}

/** The text with everything that any detector finds in it made unreadable, for whoever is asked about it. */
export function redact(written: string, own: OwnSecrets): string {
  const text = asRead(written);
  const matches = [...own(text), ...findSecrets(text), ...findPersonalData(text)].toSorted((a, b) => a.start - b.start);
  let redacted = "";
  let at = 0;
  for (const { rule, start, end, excerpt } of matches) {
    if (start < at) continue;
    redacted += `${text.slice(at, start)}[${rule}: ${excerpt}]`;
    at = end;
  }
  return redacted + text.slice(at);
}

/** What a reader sees, and what stands behind it. */
function textsOf({ subject, body, html, attachments }: OutgoingContent): {
  texts: ReviewedText[];
  sources: ReviewedText[];
} {
  const texts: ReviewedText[] = [
    { where: "subject", text: subject },
    { where: "body", text: body },
  ];
  const sources: ReviewedText[] = [];
  const addHtml = (where: string, source: string) => {
    const rendered = renderHtml(source);
    texts.push({ where, text: [...rendered.lines.map(({ text }) => text), ...rendered.hidden].join("\n") });
    sources.push({ where, text: source });
  };
  if (html !== undefined) addHtml("html", html);
  for (const [place, { filename, contentType, content }] of attachments.entries()) {
    // The name itself may be what must not go out.
    const where = `attachment ${place + 1}`;
    texts.push({ where, text: filename });
    const text = textOf(filename, contentType, content);
    if (text === undefined) continue;
    if (/html/i.test(contentType)) addHtml(where, text);
    else texts.push({ where, text });
  }
  return { texts, sources };
}

const TEXT_TYPE =
  /^text\/|^application\/(?:[\w.-]+\+)?(?:json|xml|yaml|x-yaml|toml|sql|javascript|x-sh|x-pem-file|pkcs8|x-ndjson)\b/i;
const TEXT_NAME =
  /(?:^|[./])(?:env|pem|key|txt|csv|tsv|json|jsonl|ya?ml|toml|ini|conf|cfg|properties|md|log|sql|sh|py|[cm]?[jt]s|xml|eml|ics|vcf)$/i;

function textOf(filename: string, contentType: string, content: Uint8Array | string): string | undefined {
  if (typeof content === "string") return content;
  if (!TEXT_TYPE.test(contentType) && !TEXT_NAME.test(filename) && !isUtf16(content) && content.includes(0))
    return undefined;
  // Without its zeros, UTF-16 of either order is ASCII again, which all that is looked for is.
  return new TextDecoder().decode(content).replaceAll("\0", "");
}

/** Has its mark of byte order (RFC 2781 section 3.2). */
function isUtf16([first, second]: Uint8Array): boolean {
  return (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
}

function attachmentProblems({ attachments }: OutgoingContent, rules: AttachmentRules): ReviewFinding[] {
  return attachments.flatMap(({ filename, contentType: given, content }, place) => {
    const contentType = given.split(";")[0]!.trim().toLowerCase();
    const size = Buffer.byteLength(content);
    if (refusedAttachment([{ filename, contentType, size }], rules) === undefined) return [];
    const excerpt = `${contentType.slice(0, 80)}, ${size} octets`;
    return [{ rule: "attachment", where: `attachment ${place + 1}`, excerpt }];
  });
}
