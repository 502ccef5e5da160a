/** What stands in a text in place of a secret. */
const MASK = "[secret]";

/** Takes an account's secrets out of what servers and libraries say before it is shown or stored. */
export interface Scrubber {
  /** Adds a secret that became known later, such as an access token. */
  add: (secret: string) => void;
  scrub: (text: string) => string;
}

/** A short secret is masked only where it stands alone, for it is likely to be part of ordinary words. */
const SHORT_SECRET = 8;

/** @param user The account's user: credentials travel together with it in one base64 string (RFC 4616). */
export function createScrubber(user: string, password?: string): Scrubber {
  const needles = new Map<string, RegExp>();
  const add = (secret: string): void => {
    if (secret === "") return;
    const forms = [
      encodeURIComponent(secret),
      base64(secret),
      base64(`\0${user}\0${secret}`),
      base64(`user=${user}\u0001auth=Bearer ${secret}\u0001\u0001`),
    ];
    for (const form of forms) needles.set(form, new RegExp(escape(form), "g"));
    const alone = `(?<![\\p{L}\\p{N}])${escape(secret)}(?![\\p{L}\\p{N}])`;
    needles.set(secret, new RegExp(secret.length < SHORT_SECRET ? alone : escape(secret), "gu"));
  };
  if (password !== undefined) add(password);
  return {
    add,
    scrub: (text) =>
      [...needles]
        .toSorted(([left], [right]) => right.length - left.length)
        .reduce((rest, [, pattern]) => rest.replace(pattern, MASK), text),
  };
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
