import type { MailHeader } from "./message.ts";

export type AutoSubmitted = "no" | "auto-generated" | "auto-replied" | "auto-notified";

/**
 * Reads the Auto-Submitted field (RFC 3834 section 5, `auto-notified` from RFC 5436 section 2.7.1), with its comments and parameters.
 * `undefined` without the field or with an empty one; a value that no standard knows counts as `auto-generated`, since only `no` says that a person wrote.
 */
export function readAutoSubmitted(message: { headers: MailHeader[] }): AutoSubmitted | undefined {
  const field = message.headers.find((header) => header.name === "auto-submitted");
  if (field === undefined) return undefined;
  const keyword = withoutComments(field.value.slice(0, 1000)).split(";")[0]?.trim().toLowerCase() ?? "";
  switch (keyword) {
    case "":
      return undefined;
    case "no":
    case "auto-replied":
    case "auto-notified":
      return keyword;
    default:
      return "auto-generated";
  }
}

/** RFC 5322 section 3.2.2: comments nest. */
function withoutComments(value: string): string {
  let depth = 0;
  let out = "";
  for (const char of value) {
    if (char === "(") depth++;
    else if (char === ")" && depth > 0) depth--;
    else if (depth === 0) out += char;
  }
  return out;
}
