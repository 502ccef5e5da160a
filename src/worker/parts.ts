import type { BlobStore } from "../blobs/blobs.ts";
import type { ReplyAttachment } from "../ledger/outcome.ts";
import type { ComposeAttachment } from "../mail/compose.ts";
import type { MailMessage } from "../mail/message.ts";
import { stripThreadHistory, type ReplyParts } from "../mail/strip-thread-history.ts";
import type { Correlation } from "./correlate.ts";

/** What a mail says, taken apart; its history is told by the task that it belongs to, where that is known. */
export function partsOf(message: MailMessage, correlation: Correlation): ReplyParts {
  return stripThreadHistory({
    ...(message.text !== undefined && { text: message.text }),
    ...(message.html !== undefined && { html: message.html }),
    headers: message.headers,
    ...(message.from && { sender: message.from }),
    ...(correlation.kind === "task" && { original: correlation.task.body }),
  });
}

export function attachmentsOf({ attachments }: MailMessage): ReplyAttachment[] {
  return attachments.map(({ filename, contentType, size, blob }) => ({ filename, contentType, size, blob }));
}

export async function attachmentContents(
  blobs: BlobStore,
  attachments: MailMessage["attachments"],
): Promise<(ComposeAttachment & { content: Uint8Array })[]> {
  return Promise.all(
    attachments.map(async ({ filename, contentType, blob }) => ({
      filename,
      contentType,
      content: await blobs.get(blob),
    })),
  );
}
