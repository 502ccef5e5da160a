export {
  startMailServer,
  type AccountOptions,
  type DeliveredMail,
  type Faults,
  type MailAccount,
  type MailServer,
  type MailServerOptions,
} from "../dev/index.ts";
