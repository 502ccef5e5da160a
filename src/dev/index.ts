export {
  startMailServer,
  type AccountOptions,
  type DeliveredMail,
  type MailAccount,
  type MailServer,
  type MailServerOptions,
} from "./server.ts";
export type { Faults } from "./faults.ts";
