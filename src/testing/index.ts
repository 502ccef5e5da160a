export {
  MAGIC_ADDRESSES,
  startMailServer,
  type AccountOptions,
  type DeliveredMail,
  type DeliveryFact,
  type Faults,
  type Magic,
  type MagicOptions,
  type MailAccount,
  type MailServer,
  type MailServerOptions,
} from "../dev/index.ts";
export { replyAs, type ReplyOptions, type SentReply } from "./reply-as.ts";
export type { MailProgramName } from "./mail-program.ts";
export { type StatefulGraph, waitForEnd } from "./wait-for-end.ts";
