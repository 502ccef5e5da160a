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
  const html = mail.html === undefined ? undefined : renderHtml(mail.html);
  const found = (where: LinkProblem["where"], text: string) =>
    addressesIn(text).map((href) => ({ where, href, text: "" }));
  const links = [
    ...found("body", mail.body),
    ...(html?.links ?? []).map(({ href, text }) => ({ where: "html" as const, href: href.trim(), text })),
    // Programs make links of these too, but for the texts of links.
    ...(html ? found("html", html.lines.map(({ text }) => text).join("\n")).filter(isNoText(html.links)) : []),
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
  if (mail.html !== undefined && rules.domains) {
    // Pictures, forms and styles are loaded, or sent to, without a click.
    const known = new Set(problems.map(({ excerpt }) => excerpt));
    for (const host of loadedHosts(mail.html)) {
      if (!known.has(host) && !rules.domains.some((domain) => fits(domain, host)))
        problems.push({ rule: "link-domain", where: "html", excerpt: host.slice(0, 120) });
    }
  }
  const distinct = new Set(links.map(({ href }) => href.replace(/[.,;:!?]+$/, "")));
  if (distinct.size > rules.max) {
    problems.push({ rule: "link-count", where: "body", excerpt: `${distinct.size} links, ${rules.max} allowed` });
  }
  return problems;
}

function isNoText(links: readonly { text: string }[]) {
  return ({ href }: { href: string }) => !links.some(({ text }) => text.includes(href.replace(/^https:\/\//, "")));
}

/** What programs make links of in a text. */
function addressesIn(text: string): string[] {
  return Array.from(
    text.matchAll(/\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s<>"')\]]+|(?<![\w@./-])www\.[^\s<>"')\]]+\.[^\s<>"')\]]+/gi),
    ([address]) => (/^www\./i.test(address) ? `https://${address}` : address),
  );
}

/** The hosts of all addresses in the source that are no link's and no name of a vocabulary. */
function loadedHosts(html: string): Set<string> {
  const source = html.replace(
    /<!doctype[^>]{0,1000}>|\bxmlns(?::\w{1,40})?\s{0,10}=\s{0,10}["'][^"']{0,1000}["']/gi,
    "",
  );
  const hosts = Array.from(source.matchAll(/["'(=\s](?:https?:)?\/\/[^\s<>"')\]]+/gi), ([match]) => {
    const href = match.slice(1).replace(/^\/\//, "https://").replaceAll("&amp;", "&");
    return URL.canParse(href) ? hostOf(new URL(href).hostname) : "";
  });
  return new Set(hosts.filter((host) => host.includes(".") || host.includes(":")));
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
