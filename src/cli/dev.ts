import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { MAGIC_ADDRESSES, startMailServer, type MailServer, type MailServerOptions } from "../dev/index.ts";
import type { Logger } from "../log.ts";
import { type Command, type CommandIo, UsageError } from "./command.ts";

const DEFAULT_DIRECTORY = ".langgraph-email";
const DEFAULT_ACCOUNTS = ["agent@dev.example", "me@dev.example"];
const DEFAULT_PORTS = { smtpPort: 2525, smtpsPort: 2465, imapPort: 1143, imapsPort: 1993 };

const HELP = `Usage: langgraph-email dev [options] [address ...]

Runs a mail server for development: submission by SMTP, mailboxes by IMAP, on this machine only.
Accounts are made for the addresses given (default: ${DEFAULT_ACCOUNTS.join(", ")}).

Options:
  --directory DIR      Keep accounts and mails there (default: ./${DEFAULT_DIRECTORY})
  --memory             Keep nothing
  --password WORD      Of the accounts (default: dev)
  --no-auto-create     Refuse mail to unknown addresses. Otherwise any address has a mailbox, and signs in
                       with the password dev
  --host ADDRESS       Listen there (default: 127.0.0.1). Whoever reaches it can read and send
  --smtp-port N        Default: ${DEFAULT_PORTS.smtpPort}; 0 takes a free one. The defaults give way to free ports where they are taken
  --smtps-port N       Default: ${DEFAULT_PORTS.smtpsPort}
  --imap-port N        Default: ${DEFAULT_PORTS.imapPort}
  --imaps-port N       Default: ${DEFAULT_PORTS.imapsPort}
  --help
`;

/** `langgraph-email dev`: the local mail server until SIGINT or SIGTERM. */
export const devCommand: Command = {
  summary: "Run a local mail server (SMTP and IMAP) for development",
  help: HELP,
  async run(args, io) {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      allowNegative: true,
      options: {
        directory: { type: "string" },
        memory: { type: "boolean", default: false },
        password: { type: "string" },
        "auto-create": { type: "boolean", default: true },
        host: { type: "string" },
        "smtp-port": { type: "string" },
        "smtps-port": { type: "string" },
        "imap-port": { type: "string" },
        "imaps-port": { type: "string" },
      },
    });
    if (values.memory && values.directory !== undefined) {
      throw new UsageError("--memory and --directory exclude each other.");
    }
    const directory = values.memory ? undefined : prepareDirectory(io.cwd, values.directory);
    const { server, notices } = await startOnFreePorts(
      {
        ...(directory === undefined ? {} : { directory }),
        ...(values.host === undefined ? {} : { host: values.host }),
        autoCreate: values["auto-create"],
        log: eventLog(io),
      },
      {
        smtpPort: portNumber("smtp-port", values["smtp-port"]),
        smtpsPort: portNumber("smtps-port", values["smtps-port"]),
        imapPort: portNumber("imap-port", values["imap-port"]),
        imapsPort: portNumber("imaps-port", values["imaps-port"]),
      },
    );
    await using _ = server;
    const addresses = positionals.length > 0 ? positionals : DEFAULT_ACCOUNTS;
    const accounts = addresses.map((address) =>
      server.account(address, values.password === undefined ? {} : { password: values.password }),
    );
    io.out(describe(server, accounts, { notices, directory, cwd: io.cwd, autoCreate: values["auto-create"] }));
    await aborted(io.signal);
    io.out("Stopped.\n");
    return 0;
  },
};

function portNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    throw new UsageError(`--${name} must be a number from 0 to 65535.`);
  return Number(text);
}

/** The default directory keeps itself out of version control. */
function prepareDirectory(cwd: string, given: string | undefined): string {
  if (given !== undefined) return resolve(cwd, given);
  const directory = join(cwd, DEFAULT_DIRECTORY);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const ignore = join(directory, ".gitignore");
  if (!existsSync(ignore)) writeFileSync(ignore, "*\n");
  return directory;
}

type Ports = Record<keyof typeof DEFAULT_PORTS, number | undefined>;

/** A default port that is taken gives way to a free one, and says so; a port that was asked for does not. */
async function startOnFreePorts(
  options: MailServerOptions,
  given: Ports,
): Promise<{ server: MailServer; notices: string[] }> {
  const notices: string[] = [];
  const ports: Record<string, number> = {};
  for (const [name, port] of Object.entries(DEFAULT_PORTS)) ports[name] = given[name as keyof Ports] ?? port;
  for (;;) {
    try {
      return { server: await startMailServer({ ...options, ...ports }), notices };
    } catch (error) {
      const { code, port } = ((error as Error).cause ?? {}) as { code?: string; port?: number };
      const taken = Object.keys(DEFAULT_PORTS).find(
        (name) => given[name as keyof Ports] === undefined && ports[name] === port && port !== 0,
      );
      if (code !== "EADDRINUSE" || taken === undefined) throw error;
      notices.push(`Port ${port} is taken, by another mail server perhaps: a free one is used in its place.`);
      ports[taken] = 0;
    }
  }
}

function describe(
  server: MailServer,
  accounts: readonly ReturnType<MailServer["account"]>[],
  about: { notices: string[]; directory: string | undefined; cwd: string; autoCreate: boolean },
): string {
  const kept =
    about.directory === undefined
      ? "Nothing is kept."
      : `Mails are kept in ${relative(about.cwd, about.directory) || "."}`;
  const lines = [
    ...about.notices,
    `A mail server for development, on ${server.host}`,
    `  SMTP ${server.smtp.port}, with TLS ${server.smtps.port}    IMAP ${server.imap.port}, with TLS ${server.imaps.port}`,
    `  ${kept}`,
    "",
    about.autoCreate ? "Accounts (any other address signs in too, with the password dev)" : "Accounts",
    ...accounts.flatMap(({ address, password, smtp, imap }) => [
      `  ${address}, password ${password}`,
      `    smtp: "${smtp}"`,
      `    imap: "${imap}"`,
    ]),
    "",
    "Mail to these, in any domain, provokes what real life provokes",
    ...Object.entries(MAGIC_ADDRESSES).map(([local, { summary }]) => `  ${`${local}@`.padEnd(13)}${summary}`),
    "",
    "Ctrl+C stops it.",
    "",
  ];
  return lines.join("\n");
}

/** A line for each thing that happens. */
function eventLog(io: CommandIo): Logger {
  const write = (message: string, fields?: Readonly<Record<string, unknown>>) => {
    const details = Object.entries(fields ?? {}).map(([name, value]) => ` ${name}=${String(value)}`);
    io.out(`${new Date().toISOString().slice(11, 19)} ${message}${details.join("")}\n`);
  };
  return { debug() {}, info: write, warn: write, error: write };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    // A pending listener keeps no process alive; the server's sockets do.
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
