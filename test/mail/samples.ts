import type { MailMessage } from "../../src/mail/message.ts";
import { parseMail } from "../../src/mail/parse.ts";

/** A mail from its text, for tests of what comes after parsing. */
export async function mailOf(raw: string): Promise<MailMessage> {
  const result = await parseMail(Buffer.from(raw), { putAttachment: () => Promise.resolve("blob") });
  if (result.kind !== "parsed") throw new Error(result.reason);
  return result.message;
}

/** A multipart/report with the given parts, each with its type. */
export function reportOf(
  parts: Record<string, string>,
  header = "From: postmaster@b.example\nSubject: A report\n",
): Promise<MailMessage> {
  const body = Object.entries(parts).map(([type, content]) => `--b\nContent-Type: ${type}\n\n${content}\n`);
  return mailOf(`${header}Content-Type: multipart/report; boundary=b\n\n${body.join("")}--b--\n`);
}
