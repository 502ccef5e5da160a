import { isMessageId } from "../mail/message-id.ts";

const ANGLE_ID = /<[^<>\s@]+@[^<>\s@]+>/g;
/** Amazon SES answers `250 Ok` and the bare local part of the Message-ID that it sets. */
const SES_REPLY = /^250 Ok ([0-9a-f]{16}-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}-\d{6})$/i;
const SES_HOST = /(?:^|\.)([a-z]{2}(?:-[a-z]+)+-\d)\.(?:amazonaws|awsapps)\.com(?:\.cn)?$/i;

/**
 * The Message-IDs that a server may have put in place of ours, as its reply to the mail names them: Microsoft 365 and Outlook.com give the id
 * in angle brackets, Amazon SES its local part alone.
 * @param except Ids and addresses in angle brackets that are known to be something else.
 */
export function serverMessageIds(response: string, host: string, except: ReadonlySet<string> = new Set()): string[] {
  const reply = response.trim();
  const ids = new Set<string>(reply.match(ANGLE_ID) ?? []);
  const ses = SES_REPLY.exec(reply)?.[1];
  if (ses !== undefined) {
    ids.add(`<${ses}@email.amazonses.com>`);
    const region = SES_HOST.exec(host)?.[1];
    if (region !== undefined) ids.add(`<${ses}@${region.toLowerCase()}.amazonses.com>`);
  }
  return [...ids].filter((id) => isMessageId(id) && !except.has(id));
}
