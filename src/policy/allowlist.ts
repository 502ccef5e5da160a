import { isAddress, matchesAddress, splitSubaddress } from "../mail/address.ts";

/** Whom an agent may mail: patterns as `matchesAddress` has them. What is denied stays denied, whatever is allowed. */
export interface Allowlist {
  /** Undefined: anyone who is not denied. */
  allow: readonly string[] | undefined;
  deny: readonly string[];
}

/** The first pattern that is none, and so would fit nothing. */
export function unknownPattern(patterns: readonly string[]): string | undefined {
  return patterns.find((pattern) => !isAddress(pattern.replace(/^\*@(?:\*\.)?/, "x@")));
}

/** The first address that may not be mailed; undefined where all may. A subaddress reaches the mailbox that it is of, and counts as that too. */
export function firstNotAllowed(list: Allowlist, addresses: readonly string[]): string | undefined {
  const fits = (patterns: readonly string[], address: string) =>
    patterns.some(
      (pattern) => matchesAddress(pattern, address) || matchesAddress(pattern, splitSubaddress(address).base),
    );
  return addresses.find(
    (address) => fits(list.deny, address) || (list.allow !== undefined && !fits(list.allow, address)),
  );
}
