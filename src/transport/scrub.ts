/** What stands in a text in place of a secret. */
const MASK = "[secret]";

/** Takes an account's secrets out of what servers and libraries say before it is shown or stored. */
export interface Scrubber {
  /** Adds a secret that became known later, such as an access token. */
  add(secret: string): void;
  scrub(text: string): string;
}

/** @param user The account's user: credentials travel together with it in one base64 string (RFC 4616). */
export function createScrubber(user: string, password?: string): Scrubber {
  const needles = new Set<string>();
  const add = (secret: string): void => {
    if (secret === "") return;
    for (const text of [
      secret,
      encodeURIComponent(secret),
      base64(secret),
      base64(`\0${user}\0${secret}`),
      base64(`user=${user}\u0001auth=Bearer ${secret}\u0001\u0001`),
    ]) {
      needles.add(text);
    }
  };
  if (password !== undefined) add(password);
  return {
    add,
    scrub: (text) => [...needles].toSorted(longestFirst).reduce((rest, needle) => rest.replaceAll(needle, MASK), text),
  };
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

function longestFirst(left: string, right: string): number {
  return right.length - left.length;
}
