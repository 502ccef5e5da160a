import { isInside, type Match, maskSecret, urlSpans } from "./text.ts";

/** Keys whose makers gave them a form of their own, so that they can be found. */
const KEY_FORMS: readonly (readonly [rule: string, form: RegExp])[] = [
  // RFC 7468, OpenSSH's PROTOCOL.key, RFC 9580 section 6.2; with content, since instructions name the first line alone. In JSON its lines end in `\n`.
  [
    "private-key",
    /-----BEGIN (?:[A-Z0-9]{1,12} ){0,2}PRIVATE KEY(?: BLOCK)?-----[\s>|\\nr]{0,200}(?:[A-Za-z-]{4,20}: [^\r\n]{0,200}[\s>|]{1,20}){0,6}[A-Za-z0-9+/=\s>|\\]{40,}/g,
  ],
  ["private-key", /PuTTY-User-Key-File-[23]: [a-z0-9-]{4,40}/g],
  ["private-key", /\bAGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58}\b/g],
  ["aws-access-key", /(?<![A-Za-z0-9/+=])(?:AKIA|ASIA)[A-Z2-7]{16}(?![A-Za-z0-9/+=])/g],
  ["github-token", /(?<![A-Za-z0-9_])gh[pousr]_[A-Za-z0-9]{36,251}(?![A-Za-z0-9_])/g],
  ["github-token", /(?<![A-Za-z0-9_])github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}(?![A-Za-z0-9_])/g],
  ["gitlab-token", /(?<![A-Za-z0-9_])gl(?:pat|dt|rt|cbt|ptt|ft|soat)-[A-Za-z0-9_-]{20,64}/g],
  ["slack-token", /(?<![A-Za-z0-9_])xox[abeoprs]-(?:[A-Za-z0-9]{1,20}-){1,4}[A-Za-z0-9]{16,80}/g],
  ["slack-token", /(?<![A-Za-z0-9_])xapp-\d-[A-Z0-9]{8,16}-\d{8,16}-[a-f0-9]{64}/g],
  ["slack-webhook", /hooks\.slack\.com\/(?:services|workflows)\/T[A-Z0-9]{6,14}\/[A-Z0-9]{6,14}\/[A-Za-z0-9]{16,32}/g],
  ["stripe-key", /(?<![A-Za-z0-9_])(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{20,250}/g],
  ["stripe-key", /(?<![A-Za-z0-9_])whsec_[A-Za-z0-9+/]{24,64}/g],
  ["openai-key", /(?<![A-Za-z0-9_-])sk-(?:[A-Za-z0-9]{48}|[A-Za-z0-9_-]{16,120}T3BlbkFJ[A-Za-z0-9_-]{16,120})/g],
  ["openai-key", /(?<![A-Za-z0-9_-])sk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{40,200}/g],
  ["anthropic-key", /(?<![A-Za-z0-9_-])sk-ant-[a-z]{3,8}\d{2}-[A-Za-z0-9_-]{80,120}/g],
  ["google-key", /(?<![A-Za-z0-9_-])AIza[0-9A-Za-z_-]{35}(?![0-9A-Za-z_-])/g],
  ["google-key", /(?<![A-Za-z0-9_-])GOCSPX-[0-9A-Za-z_-]{28}(?![0-9A-Za-z_-])/g],
  ["google-key", /(?<![A-Za-z0-9_-])ya29\.[0-9A-Za-z_-]{30,1000}/g],
  ["npm-token", /(?<![A-Za-z0-9_])npm_[A-Za-z0-9]{36}(?![A-Za-z0-9])/g],
  ["pypi-token", /(?<![A-Za-z0-9_])pypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,1000}/g],
  ["sendgrid-key", /(?<![A-Za-z0-9_])SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])/g],
  ["huggingface-token", /(?<![A-Za-z0-9_])hf_[A-Za-z]{34}(?![A-Za-z0-9])/g],
  ["digitalocean-token", /(?<![A-Za-z0-9_])do[opr]_v1_[a-f0-9]{64}(?![a-f0-9])/g],
  ["shopify-token", /(?<![A-Za-z0-9_])shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}(?![a-fA-F0-9])/g],
  ["telegram-token", /(?<![A-Za-z0-9])\d{8,10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])/g],
  ["langsmith-key", /(?<![A-Za-z0-9_])lsv2_(?:pt|sk)_[a-f0-9]{32}_[a-f0-9]{10}(?![a-f0-9])/g],
  // Of Atlassian, Databricks, Docker, Doppler, Figma, Grafana, Groq, HashiCorp, Linear, Mailgun, New Relic, Notion, OpenRouter, Perplexity, Pinecone, Pulumi, Replicate, Supabase, Tailscale, Tavily, xAI.
  [
    "api-key",
    /(?<![A-Za-z0-9_.-])(?:ATATT3|dapi(?=[0-9a-f]{32})|dckr_pat_|dp\.(?:pt|st|ct|sa)\.|figd_|glsa_|gsk_|hvs\.|lin_api_|key-(?=[0-9a-f]{32})|NRAK-|ntn_|sk-or-v1-|pplx-|pcsk_|pul-(?=[0-9a-f]{40})|r8_|sbp_|tskey-(?:auth|api|client)-|tvly-|xai-)(?=[A-Za-z_-]{0,40}\d)[A-Za-z0-9_=-]{24,400}/g,
  ],
  ["azure-storage-key", /AccountKey=[A-Za-z0-9+/]{86}==/g],
];

/** What documentation shows in the place of a secret. */
const PLACEHOLDER =
  /^(?:[*x•.·_-]+|<.*>?|\[.*\]?|\{.*\}?|\$.*|%.*%?|.*(?:example|placeholder|redacted|changeme|change-me|your[-_ ]|removed|hidden|masked|secret-?here|\.\.\.|…|\*\*\*).*|(?:my|the|a)?[-_]?(?:passwords?|pass|passwd|pwd|pw|secret|token|user|hunter2))$/i;

/** Secrets in a text, as far as their form gives them away. In the order of the text. */
export function findSecrets(text: string): Match[] {
  const urls = urlSpans(text);
  const found = [
    ...KEY_FORMS.flatMap(([rule, form]) =>
      Array.from(text.matchAll(form), ({ index, 0: value }) => match(rule, index, value)),
    ).filter(({ end }) => !text.slice(end - 7, end).startsWith("EXAMPLE")),
    ...jsonWebTokens(text).filter(({ start }) => !isInside(urls, start)),
    ...connectionStrings(text),
    ...assignments(text).filter(({ start }) => !isInside(urls, start)),
  ];
  return withoutOverlap(found);
}

function match(rule: string, start: number, value: string): Match {
  return { rule, start, end: start + value.length, excerpt: maskSecret(value) };
}

/** RFC 7519: the first part says how the last one was made. */
function jsonWebTokens(text: string): Match[] {
  const form = /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{10,8000}\.[A-Za-z0-9_-]{16,2000}/g;
  return Array.from(text.matchAll(form)).flatMap(({ index, 0: value }) => {
    try {
      const header = JSON.parse(Buffer.from(value.split(".")[0]!, "base64url").toString()) as { alg?: unknown };
      return typeof header.alg === "string" ? [match("json-web-token", index, value)] : [];
    } catch {
      return [];
    }
  });
}

/** RFC 3986 section 3.2.1: a password before the host. */
function connectionStrings(text: string): Match[] {
  const form = /\b[a-z][a-z0-9+.-]{1,30}:\/\/([^\s:/?#@<>"'[\]]{0,100}):([^\s/?#@<>"']{3,200})@[a-z0-9[$-]/gi;
  return Array.from(text.matchAll(form)).flatMap(({ index, 0: whole, 2: password = "" }) => {
    if (PLACEHOLDER.test(password)) return [];
    const start = index + whole.lastIndexOf(`:${password}@`) + 1;
    return [match("connection-string", start, password)];
  });
}

const SECRET_NAMES =
  "pass(?:word|wd|phrase|code)?|pwd|passwort|kennwort|contrase(?:ñ|n)a|mot de passe|senha|wachtwoord|hasło|lösenord|adgangskode|salasana|пароль|パスワード|密码|비밀번호|secret|token|credentials?|api[-_ ]?key|apikey|access[-_ ]?key|account[-_ ]?key|secret[-_ ]?key|private[-_ ]?key|signing[-_ ]?key|encryption[-_ ]?key|client[-_ ]?secret|auth[-_ ]?key|authorization|bearer";

/** `password: …`, `API_KEY=…`: what is called a secret and looks drawn at random. */
function assignments(text: string): Match[] {
  const form = new RegExp(
    `(?<![\\p{L}\\p{N}])(?:[A-Za-z0-9]{1,30}[-_.]){0,4}(?:${SECRET_NAMES})["'\`*]{0,3}\\s{0,3}(?::|=>?|：| is| lautet|->)[ \\t]{0,3}["'\`*]{0,3}(?:(?:Bearer|Basic|Token) )?([^\\s"'\`<>,;|]{8,400})`,
    "giu",
  );
  return Array.from(text.matchAll(form)).flatMap(({ index, 0: whole, 1: value = "" }) => {
    const bare = value.replace(/[.!?:)*]+$/, "");
    if (!looksRandom(bare)) return [];
    return [match("assigned-secret", index + whole.length - value.length, bare)];
  });
}

/** `ORDER-2024-0815`, `v1.20.3-rc2`, `step-2-of-the-plan`: words and numbers, put together. */
const WORDS_AND_NUMBERS =
  /^(?:\p{Lu}{1,12}|\p{Lu}?\p{Ll}{1,20}\d{0,3}|\d{1,8})(?:[-_./:](?:\p{Lu}{1,12}|\p{Lu}?\p{Ll}{1,20}\d{0,3}|\d{1,8}))*$/u;

/** Not a word, a number, a date, a version, an address or a number with a prefix. */
function looksRandom(value: string): boolean {
  if (value.length < 8 || PLACEHOLDER.test(value) || /^[a-z]{2,10}:\/\/|@.*\.|^\/|\(\)?$/i.test(value)) return false;
  if (!/\d/.test(value) || !/\p{L}/u.test(value)) return false;
  if (WORDS_AND_NUMBERS.test(value)) return false;
  if (/^\d{4}-\d\d-\d\dT/.test(value)) return false;
  const classes = [/\p{Ll}/u, /\p{Lu}/u, /\d/, /[^\p{L}\p{N}]/u].filter((form) => form.test(value)).length;
  return (classes >= 3 && entropy(value) >= 2.5) || (value.length >= 16 && entropy(value) >= 3);
}

/** Shannon's, in bits a character. */
function entropy(value: string): number {
  const counts = new Map<string, number>();
  for (const character of value) counts.set(character, (counts.get(character) ?? 0) + 1);
  return [...counts.values()].reduce((sum, count) => {
    const share = count / value.length;
    return sum - share * Math.log2(share);
  }, 0);
}

/** The first rule that claims a place has it. */
function withoutOverlap(matches: readonly Match[]): Match[] {
  const kept: Match[] = [];
  for (const each of matches) {
    if (!kept.some(({ start, end }) => each.start < end && start < each.end)) kept.push(each);
  }
  return kept.toSorted((a, b) => a.start - b.start);
}
