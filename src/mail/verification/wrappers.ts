/** Takes a link out of what mail gateways wrap around it; several layers, nothing is fetched. */
export function unwrapLink(href: string): string {
  let current = href;
  for (let layer = 0; layer < 4; layer += 1) {
    const inner = unwrapOnce(current);
    if (inner === undefined || !/^https?:\/\//i.test(inner)) return current;
    current = inner;
  }
  return current;
}

const SUFFIXES = {
  safeLinks: "safelinks.protection.outlook.com",
  proofpoint: ["urldefense.com", "urldefense.proofpoint.com", "urldefense.us"],
  barracuda: "linkprotect.cudasvc.com",
  cisco: "secure-web.cisco.com",
  sophos: "protection.sophos.com",
} as const;

function unwrapOnce(href: string): string | undefined {
  const url = URL.parse(href);
  if (url === null) return undefined;
  const host = url.hostname;
  const parameter = (name: string): string | undefined => url.searchParams.get(name) ?? undefined;
  if (host.endsWith(SUFFIXES.safeLinks)) return parameter("url");
  if (SUFFIXES.proofpoint.some((suffix) => host === suffix)) return proofpoint(href, parameter("u"));
  if (host === SUFFIXES.barracuda) return parameter("a");
  if (host === SUFFIXES.cisco) return decode(/\/(https?%3A%2F%2F[^/?#]+)/i.exec(href)?.[1]);
  if (host.endsWith(SUFFIXES.sophos)) return base64(parameter("u"));
  if (/^(?:www\.)?google\.[a-z.]{2,6}$/.test(host) && url.pathname === "/url")
    return parameter("q") ?? parameter("url");
  if (host === "l.facebook.com" || host === "lm.facebook.com") return parameter("u");
  if (host === "slack-redir.net") return parameter("url");
  return undefined;
}

/** Version 3 writes the address between double underscores with its special characters moved aside; version 2 encodes it in `u`. */
function proofpoint(href: string, u: string | undefined): string | undefined {
  const third = /\/v3\/__(.+?)__;([^!]*)!/.exec(href);
  if (third !== null) {
    const moved = base64(third[2]?.replaceAll("-", "+").replaceAll("_", "/")) ?? "";
    let next = 0;
    return (third[1] ?? "").replace(/\*(\*.)?/g, (_star, run: string | undefined) => {
      const count = run === undefined ? 1 : RUN_LENGTHS.indexOf(run.charAt(1)) + 2;
      const taken = moved.slice(next, next + count);
      next += count;
      return taken;
    });
  }
  return u === undefined ? undefined : decode(u.replaceAll("-", "%").replaceAll("_", "/"));
}

const RUN_LENGTHS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

function decode(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function base64(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  try {
    return new TextDecoder().decode(
      Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0)),
    );
  } catch {
    return undefined;
  }
}
