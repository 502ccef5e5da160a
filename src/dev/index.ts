export {
  startMailServer,
  type AccountOptions,
  type DeliveredMail,
  type MailAccount,
  type MailServer,
  type MailServerOptions,
} from "./server.ts";
export type { Faults } from "./faults.ts";
export { MAGIC_ADDRESSES, type Magic, type MagicOptions } from "./magic.ts";
export type { DeliveryFact } from "./report.ts";
