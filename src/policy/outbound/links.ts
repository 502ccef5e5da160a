import { renderHtml } from "../../mail/html/render.ts";

/** What links may do. */
export interface LinkRules {
  /** How many a mail may have. */
  max: number;
  /** Hosts that they may lead to: `example.com`, or `*.example.com` for what is below it. Undefined: any. */
  domains: readonly string[] | undefined;
}

export interface LinkProblem {
  rule: "link-count" | "link-scheme" | "link-domain" | "link-text";
  where: "body" | "html";
  excerpt: string;
}

/** Without paths and parameters, which may be secrets. */
export function findLinkProblems(mail: { body: string; html?: string | undefined }, rules: LinkRules): LinkProblem[] {
  const inHtml = mail.html === undefined ? [] : renderHtml(mail.html).links;
  const links = [
    ...Array.from(mail.body.matchAll(/\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s<>"')\]]+/gi), ([href]) => ({
      where: "body" as const,
      href,
      text: "",
    })),
    ...inHtml.map(({ href, text }) => ({ where: "html" as const, href: href.trim(), text })),
  ].filter(({ href }) => !/^(?:mailto:|tel:|cid:|#|$)/i.test(href));
  const problems = links.flatMap(({ where, href, text }): LinkProblem[] => {
    const url = URL.canParse(href) ? new URL(href) : undefined;
    const shown = (rule: LinkProblem["rule"], excerpt: string) => [{ rule, where, excerpt: excerpt.slice(0, 120) }];
    if (!url || !/^https?:$/.test(url.protocol)) return shown("link-scheme", /^[a-z0-9+.-]{0,20}:?/i.exec(href)![0]);
    const host = hostOf(url.hostname);
    if (rules.domains && !rules.domains.some((domain) => fits(domain, host))) return shown("link-domain", host);
    const named = hostInText(text);
    return named === undefined || sameSite(named, host) ? [] : shown("link-text", `${named} leads to ${host}`);
  });
  const distinct = new Set(links.map(({ href }) => href.replace(/[.,;:!?]+$/, "")));
  if (distinct.size > rules.max) {
    problems.push({ rule: "link-count", where: "body", excerpt: `${distinct.size} links, ${rules.max} allowed` });
  }
  return problems;
}

function hostOf(hostname: string): string {
  return hostname.toLowerCase().replace(/\.$/, "");
}

function fits(pattern: string, host: string): boolean {
  const wanted = pattern.toLowerCase();
  return wanted.startsWith("*.") ? host.endsWith(wanted.slice(1)) : host === wanted;
}

/** `report.pdf` is the name of a file. */
const FILE_NAME =
  /\.(?:pdf|docx?|xlsx?|pptx?|odt|ods|txt|csv|md|zip|gz|png|jpe?g|gif|svg|html?|js|ts|py|rs|sh|json|ya?ml|xml|sql|log|eml|ics)$/i;

/** The host that a reader takes the link for, where its text is an address. */
function hostInText(text: string): string | undefined {
  const address = /^(https?:\/\/)?((?:[\p{L}\p{N}-]{1,63}\.){1,8}\p{L}{2,24})\.?(?::\d{1,5})?([/?#]\S*)?$/iu.exec(
    text.trim(),
  );
  if (!address) return undefined;
  const [, scheme, host = "", path] = address;
  if (!scheme && !path && FILE_NAME.test(host)) return undefined;
  const url = `https://${host}`;
  return URL.canParse(url) ? hostOf(new URL(url).hostname) : hostOf(host);
}

function sameSite(a: string, b: string): boolean {
  const [one, other] = [a, b].map((host) => host.replace(/^www\./, ""));
  return one === other || one!.endsWith(`.${other!}`) || other!.endsWith(`.${one!}`);
}
