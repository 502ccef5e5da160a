import { matchesAddress, sameAddress, splitSubaddress } from "../mail/address.ts";

/**
 * How sure we are who answered, best first. A: token or id, expected sender, aligned pass. B: valid token, expected sender, no verdict. C: id, expected sender, no verdict;
 * or the reference in the body, which whoever saw the mail can copy as well as its id, and which some programs keep when they drop the ids.
 * D: token, id or reference, but another sender or a verdict of fail. E: anything weaker.
 */
export type Grade = "A" | "B" | "C" | "D" | "E";

export interface Evidence {
  /** The best signal that ties the mail to the task; a token counts only when verified. */
  signal: "token" | "message-id" | "body-reference" | "none";
  sender: "expected" | "other";
  /** The receiver's verdict on the sender's domain (DMARC, or our own verification), aligned with From. */
  verdict: "pass" | "fail" | "none";
  /** Whether the provider takes the mail for junk: it may know more than it says, and no such mail is better than C. */
  junk?: boolean;
}

export function assuranceGrade(evidence: Evidence): Grade {
  const { signal, sender, verdict } = evidence;
  if (signal === "none") return "E";
  if (sender === "other" || verdict === "fail") return "D";
  if (signal === "body-reference" || evidence.junk) return "C";
  if (verdict === "pass") return "A";
  return signal === "token" ? "B" : "C";
}

/** Whether a grade is at least as good as the required one. */
export function meetsGrade(grade: Grade, required: Grade): boolean {
  return grade <= required;
}

/**
 * Whether the sender is one of the expected: an address, `*@domain` or `*@*.domain`. Who was written to under a subaddress may answer from the address without it,
 * as Gmail and Outlook do; the opposite is not allowed.
 */
export function isExpectedSender(from: string | undefined, expected: readonly string[]): boolean {
  if (from === undefined) return false;
  return expected.some(
    (pattern) =>
      matchesAddress(pattern, from) || (!pattern.startsWith("*") && sameAddress(splitSubaddress(pattern).base, from)),
  );
}
