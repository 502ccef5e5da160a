import { EmailKitError } from "../errors.ts";
import { splitAddress } from "./address.ts";
import type { Mailbox, Store, StoredAccount } from "./store.ts";

const DEFAULT_PASSWORD = "dev";

export type Accounts = ReturnType<typeof createAccounts>;

/** Who has an account on the server, and who gets one. */
export function createAccounts(store: Store, options: { domains?: readonly string[]; autoCreate: boolean }) {
  const domains = options.domains?.map((domain) => domain.toLowerCase());

  const isLocal = (address: string): boolean => {
    const domain = splitAddress(address)?.domain;
    return domain !== undefined && (!domains || domains.includes(domain));
  };

  /** Makes the account, or changes it as far as settings are given. */
  const make = (
    address: string,
    settings: { password?: string; savesSent?: boolean; magic?: boolean } = {},
  ): StoredAccount => {
    const known = store.find(address);
    const wanted = {
      password: settings.password ?? known?.password ?? DEFAULT_PASSWORD,
      savesSent: settings.savesSent ?? known?.savesSent ?? false,
      magic: settings.magic ?? false,
    };
    const same = (["password", "savesSent", "magic"] as const).every((key) => known?.[key] === wanted[key]);
    return known && same ? known : store.createAccount(address, wanted);
  };

  return {
    isLocal,
    make,

    signIn(user: string, password: string): StoredAccount | undefined {
      const account = store.find(user);
      if (account) return account.password === password ? account : undefined;
      return options.autoCreate && password === DEFAULT_PASSWORD && isLocal(user) ? make(user) : undefined;
    },

    /** Throws `MAILBOX_NOT_FOUND`. */
    mailbox(address: string, name = "INBOX"): Mailbox {
      const mailbox = store.find(address)?.mailboxes.get(name);
      if (mailbox) return mailbox;
      throw new EmailKitError("MAILBOX_NOT_FOUND", `The mail server has no mailbox ${name} of ${address}.`);
    },
  };
}
