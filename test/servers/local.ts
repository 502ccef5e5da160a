import { createTransport } from "nodemailer";
import { startMailServer } from "../../src/dev/index.ts";
import type { TestServer, TestServerKind } from "./server.ts";

/** The kit's own server, with the addresses that misbehave on purpose. */
export const local: TestServerKind = { name: "local", missing: () => undefined, start: startLocal };

async function startLocal(accounts: readonly string[]): Promise<TestServer> {
  const server = await startMailServer({ magic: { delayMs: 2_000 }, requireAuth: false });
  for (const address of accounts) server.account(address);
  return {
    name: "local",
    ca: server.ca,
    account: (address) => server.account(address),
    mails: async (address) => server.mails(address),
    async inject(raw, envelope) {
      const transport = createTransport({ host: server.host, port: server.smtp.port, ignoreTLS: true });
      await transport.sendMail({ envelope, raw: raw.replace(/\r?\n/g, "\r\n") });
      transport.close();
    },
    cut: async () => server.cut("imap"),
    renumber: async (address) => server.renumber(address),
    addresses: {
      refused: "refused@b.example",
      unknown: "bounced@b.example",
      full: "full@b.example",
      away: "ooo@b.example",
      expired: "expired@b.example",
      tooBig: undefined,
    },
    [Symbol.asyncDispose]: () => server.close(),
  };
}
