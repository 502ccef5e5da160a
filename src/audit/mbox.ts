const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/**
 * A mail as an entry of an mbox file (RFC 4155, appendix A): a separator line, the mail with the line ends of a file, an empty line. A line that looks like a
 * separator is quoted with one more `>`, as mboxrd does it, so that readers can take it off again.
 */
export function mboxEntry(raw: Uint8Array, { from, at }: { from: string | undefined; at: number }): Uint8Array {
  const text = Buffer.from(raw)
    .toString("latin1")
    .replace(/\r\n?/g, "\n")
    .replace(/^(>*From )/gm, ">$1");
  const end = text.endsWith("\n") ? "\n" : "\n\n";
  return Buffer.from(`From ${sender(from)} ${asctime(new Date(at))}\n${text}${end}`, "latin1");
}

/** One word of ASCII, whatever it was. */
function sender(from: string | undefined): string {
  return from !== undefined && /^[\x21-\x7E]+$/.test(from) ? from : "MAILER-DAEMON";
}

/** In UTC, as RFC 4155 wants it. */
function asctime(date: Date): string {
  const time = date.toISOString().slice(11, 19);
  const day = String(date.getUTCDate()).padStart(2);
  return `${DAYS[date.getUTCDay()]} ${MONTHS[date.getUTCMonth()]} ${day} ${time} ${date.getUTCFullYear()}`;
}
