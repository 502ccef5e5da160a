import { readAuthentication } from "../mail/authentication-results.ts";
import type { WorkerDeps } from "./deps.ts";
import { inTime } from "./in-time.ts";
import type { Mail } from "./verdict.ts";

/** Whether the mail is from the domain that it says: by the word of a trusted receiver, or else by the kit's own verifier. */
export async function senderVerdict(
  { blobs, inbound, log }: Pick<WorkerDeps, "blobs" | "inbound" | "log">,
  { message, agent, raw, unreadOctets }: Mail,
): Promise<"pass" | "fail" | "none"> {
  const { verdict } = readAuthentication(message, agent?.authservIds ?? []);
  // What is signed is the whole mail.
  if (verdict !== "none" || !inbound.verifySender || unreadOctets !== undefined) return verdict;
  const { verifySender } = inbound;
  const bytes = await blobs.get(raw);
  try {
    const said = await inTime(() => verifySender(bytes));
    return said === "pass" || said === "fail" ? said : "none";
  } catch (error) {
    log.warn("A sender could not be verified: inbound.verifySender failed", {
      messageId: message.messageId,
      error: String(error),
    });
    return "none";
  }
}
