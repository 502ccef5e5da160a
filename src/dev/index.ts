export {
  startMailServer,
  type AccountOptions,
  type MailAccount,
  type MailServer,
  type MailServerOptions,
} from "./server.ts";
export type { Faults } from "./faults.ts";
export { MAGIC_ADDRESSES, type Magic, type MagicOptions } from "./magic.ts";
export type { DeliveryFact } from "./report.ts";
export type { DeliveredMail } from "./delivered-mail.ts";
