import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { link, readFile, unlink, writeFile } from "node:fs/promises";
import type { Agent, Sending, SendingUnit } from "./accounts/agent.ts";
import type { ServerOptions } from "./accounts/account.ts";
import { readDkim } from "./accounts/dkim.ts";
import { parseAccount, parseMailbox } from "./accounts/parse-account.ts";
import type { BlobStore } from "./blobs/blobs.ts";
import { EmailKitError } from "./errors.ts";
import { isPostgresUrl, parsePostgresUrl } from "./ledger/postgres/url.ts";
import { requireSqlite } from "./ledger/sqlite.ts";
import type { TaskDefinition } from "./langgraph/calls/define-task.ts";
import type { Logger } from "./log.ts";
import type { DkimKey } from "./mail/compose.ts";
import { parseAddress } from "./mail/address.ts";
import { LARGEST_MAIL } from "./mail/parse.ts";
import { unknownPattern } from "./policy/allowlist.ts";
import { unknownKind } from "./policy/attachments.ts";
import { type Budget, type BudgetPreset, readBudget } from "./policy/budget.ts";
import { ownSecrets } from "./policy/outbound-review.ts";
import { readReview, type ReviewConfig } from "./policy/review-policy.ts";
import { BREAKER, type BreakerLimits } from "./policy/reputation.ts";
import { hasScope, type Scope, SCOPES } from "./policy/permission.ts";
import { PROGRAMS } from "./policy/attachments.ts";
import type { InboundPolicy, InboundRules } from "./policy/inbound.ts";
import type { BusinessCalendar } from "./time/calendar.ts";
import type { Clock } from "./time/clock.ts";
import { durationMs, type Duration } from "./time/duration.ts";

/** A mail identity of one agent. */
export interface AgentConfig {
  /** Such as `desk@example.com`, or `Pricing desk <desk@example.com>`. */
  address: string;
  /** Submission server: `smtps://user:password@host`, `smtp://…` (STARTTLS), or options with OAuth 2.0. Left out for an agent that only reads. */
  smtp?: string | ServerOptions;
  /** Mailbox server: `imaps://user:password@host`, `imap://…` (STARTTLS), or options. */
  imap: string | ServerOptions;
  /** Default: `INBOX`. */
  mailbox?: string;
  /**
   * Whether the account's Junk folder (RFC 6154) is read too, once a minute and over the same connection: only for what belongs to a task of this agent,
   * which is then no better than grade C. Default: true, where there is such a folder.
   */
  junk?: boolean;
  /**
   * How the reply token travels: `subaddress` as `desk+token@…` (Gmail, Microsoft 365, Fastmail, Dovecot, Postfix …), `catch-all` as `token@…` on a domain of one's own,
   * `none` where the provider takes neither: Message-IDs and the reference in the body must do then, and no reply reaches grade B. Default: `subaddress`.
   */
  replyTo?: "subaddress" | "catch-all" | "none";
  /** Whether the envelope sender carries a token, so that a bounce without any id still names its task. Set it to false where the provider takes no sender but the account's. Default: true. */
  bounceToken?: boolean;
  /**
   * The ids of your receiving servers in `Authentication-Results`, such as `mx.google.com`: only what they say of a sender is believed. With them an aligned pass
   * gives a reply grade A, and a fail grade D. Default: none.
   */
  authservIds?: readonly string[];
  /**
   * What the agent may do: `read` its mailbox; `reply` in conversations that it was addressed in, as a served agent does; `send`, which begins conversations, and
   * includes `reply`. An agent of `["read"]` makes no connection to a submission server. Default: all.
   */
  scopes?: readonly Scope[];
  /** Whom the agent may mail: addresses, `*@domain` or `*@*.domain`. What comes in never widens it. Default: anyone. */
  allow?: readonly string[];
  /** Whom it may not mail, whatever `allow` says. Default: nobody. */
  deny?: readonly string[];
  /** How much it may send: { perHour: 50, perDay: 200 }, or what its provider allows: "gmail", "google-workspace", "microsoft-365". Default: `budgets.agent`. */
  budget?: Budget | BudgetPreset;
  /**
   * Signs the agent's mail: the public key is in the DNS as `selector._domainkey.domain`, and `privateKey` is RSA in PEM. For submission servers that do not sign
   * themselves, as managed providers do. Default: no signature.
   */
  dkim?: DkimKey;
  /** How what the agent writes is looked through; what is left out is as in the kit's `review`. */
  review?: ReviewConfig;
}

/**
 * Limits that processes on one ledger share. What does not fit waits in the outbox until it does, or is an error, as the task says (`overBudget`).
 * A mail counts once for each recipient, and goes out when it fits all that it counts for.
 */
export interface Budgets {
  /** Of each SMTP login, whichever agents use it. Default: none. */
  account?: Budget | BudgetPreset;
  /** Of each domain that agents send from. Default: none. */
  domain?: Budget | BudgetPreset;
  /** Of each agent without a `budget` of its own. Default: none. */
  agent?: Budget | BudgetPreset;
  /** Of each LangGraph thread: a graph that loops stops there. Default: none. */
  thread?: Budget;
}

export interface EmailKitConfig<AgentName extends string = string, Task extends TaskDefinition = TaskDefinition> {
  /**
   * What holds tasks, mails, waits and the audit log: the path of a SQLite file, made if absent, or `postgres://user:password@host/database?schema=langgraph_email`
   * for workers on several machines (needs the package `pg`, and a direct connection or session pooling). `:memory:` for tests.
   */
  ledger: string;
  agents: Readonly<Record<AgentName, AgentConfig>>;
  /**
   * Definitions of tasks, which can then be named: `kit.awaitReply("approval")`. Needed where a task is waited for by its receipt in another node than
   * the one that sends it. Default: none.
   */
  tasks?: readonly Task[];
  /**
   * Signs the tokens in reply addresses: at least 32 characters, the same in every process, and kept for as long as replies may come.
   * Default: drawn once, and kept in `<ledger>.key`, which only its owner can read. Required where the ledger is in PostgreSQL.
   */
  secret?: string;
  /** How much may be sent, besides the agents' own `budget`. Default: no limits. */
  budgets?: Budgets;
  /** What is asked of mail that comes in, besides grades and the injection score. */
  inbound?: InboundPolicy;
  /**
   * Pauses an agent whose mail bounces or is complained about too often in seven days, before it harms the others: it sends nothing until a person lets it,
   * with `kit.resumeSending`. Default: { bounces: 0.1, complaints: 0.003, sample: 50 }; `false` for never.
   */
  breaker?: BreakerLimits | false;
  /**
   * Stops agents that keep each other busy without end. `hops`: how many mails may lead to one another, each asked for by the one before; a task beyond ends as
   * `cancelled`. `perPair`: how often within an hour one sender may go on asking the same served agent, in answer to its answers; more is quarantined.
   * Default: { hops: 10, perPair: 60 }.
   */
  loops?: { hops?: number; perPair?: number };
  /** Where mails and attachments are kept. Default: in a table of the ledger; beside SQLite, those of more than 100 000 octets as files in `<ledger>.blobs/`. */
  blobs?: BlobStore;
  /** Default: warnings and errors to standard error. */
  log?: Logger;
  /** How long a run, or the watcher of a mailbox, may be silent before another process takes over. Default: "30 s". */
  lease?: Duration;
  /**
   * A run that throws after it was resumed is tried `tries` times in all, first after `first`, then after twice as long each time (5 min at most);
   * then its thread is stalled, until `kit.retry`. Default: { tries: 3, first: "2 s" }.
   */
  retry?: { tries?: number; first?: Duration };
  /** What becomes of a mail whose connection broke after it was handed over: "hold", or sent again with the same Message-ID after a time. Default: { resendAfter: "15 min" }. */
  onDoubt?: "hold" | { resendAfter: Duration };
  /** Threads and requests that one worker works on at the same time. Default: 10. */
  concurrency?: number;
  /** The largest mail that is sent, in octets. Default: 10 MiB. */
  maxBytes?: number;
  /** How what the agents write is looked through before it goes out. Default: secrets are refused. */
  review?: ReviewConfig;
  /** When people are at work, for deadlines such as "2 business days": { timeZone: "Europe/Berlin", holidays: ["2026-12-25"] }. Needed for those only. */
  calendar?: BusinessCalendar;
  /** The time, in milliseconds since the epoch. Default: `Date.now`. */
  clock?: Clock;
}

export const DEFAULTS = {
  lease: "30 s",
  grace: "10 s",
  retry: { tries: 3, first: "2 s", maxMs: 300_000 },
  onDoubt: { resendAfter: "15 min" },
  loops: { hops: 10, perPair: 60 },
  concurrency: 10,
  maxBytes: 10 * 1024 * 1024,
  inboundMaxBytes: 25 * 1024 * 1024,
} as const;

const MIN_SECRET_LENGTH = 32;

/** Checks the agents at the earliest moment, without any connection. @throws EmailKitError `INVALID_CONFIG`, `INVALID_ADDRESS`. */
export function readAgents(
  agents: Readonly<Record<string, AgentConfig>>,
  shared: Partial<Pick<EmailKitConfig, "budgets" | "review" | "secret" | "ledger">> = {},
): Map<string, Agent> {
  const { budgets = {} } = shared;
  const entries = Object.entries(agents);
  if (entries.length === 0) {
    throw new EmailKitError(
      "INVALID_CONFIG",
      "No agent is configured. Give at least one: agents: { desk: { address, smtp, imap } }.",
    );
  }
  const accounts = new Map(entries.map(([name, config]) => [name, readAccount(name, config)]));
  const own = ownSecrets(credentialsOf([...accounts.values()], shared));
  return new Map(
    entries.map(([name, config]) => {
      const address = parseAddress(config.address);
      const account = accounts.get(name)!;
      const agent: Agent = {
        name,
        address,
        account,
        dkim: config.dkim && readDkim(name, address.address, config.dkim),
        review: readReview([shared.review, config.review], own, {
          name,
          address: address.address,
          provesReplies: config.replyTo !== "none" || (config.authservIds ?? []).length > 0,
        }),
        scopes: config.scopes ?? SCOPES,
        replyTo: config.replyTo ?? "subaddress",
        bounceToken: config.bounceToken ?? true,
        junk: config.junk ?? true,
        authservIds: config.authservIds ?? [],
        recipients: {
          allow: config.allow && checkPatterns(name, "allow", config.allow),
          deny: checkPatterns(name, "deny", config.deny ?? []),
        },
        sending: {
          account: account.smtp ? `${account.smtp.user}@${account.smtp.host}` : "",
          domain: address.address.split("@")[1]!,
          limits: readLimits({ ...budgets, agent: config.budget ?? budgets.agent }, name, config.budget !== undefined),
        },
      };
      return [name, agent];
    }),
  );
}

function readLimits(
  budgets: { [Kind in SendingUnit]?: Budget | BudgetPreset | undefined },
  agent: string,
  own: boolean,
): Sending["limits"] {
  const given = (["account", "domain", "agent", "thread"] as const).flatMap((kind) => {
    const budget = budgets[kind];
    const name = kind === "agent" && own ? `agents.${agent}.budget` : `budgets.${kind}`;
    return budget === undefined ? [] : [[kind, readBudget(budget, name)] as const];
  });
  return Object.fromEntries(given);
}

/** What no mail may hold. */
function credentialsOf(
  accounts: readonly Agent["account"][],
  { secret, ledger }: Partial<Pick<EmailKitConfig, "secret" | "ledger">>,
): string[] {
  const passwords = accounts
    .flatMap(({ smtp, imap }) => [smtp, imap])
    .flatMap((server) => (server && "password" in server.auth ? [server.auth.password] : []));
  const ledgerPassword = ledger && URL.canParse(ledger) ? decodeURIComponent(new URL(ledger).password) : "";
  return [...passwords, secret ?? "", ledgerPassword];
}

/** A pattern that fits nothing would let pass what it is to keep back. */
function checkPatterns(name: string, field: string, patterns: readonly string[]): readonly string[] {
  const wrong = unknownPattern(patterns);
  if (wrong === undefined) return patterns;
  throw new EmailKitError(
    "INVALID_CONFIG",
    `agents.${name}.${field} has ${JSON.stringify(wrong)}. Write an address, "*@domain" for a domain, or "*@*.domain" for what is below it.`,
  );
}

/** Every agent reads: who asks by mail has to see what is answered. */
function readAccount(name: string, { scopes = SCOPES, ...config }: AgentConfig): Agent["account"] {
  const unknown = scopes.find((scope) => !SCOPES.includes(scope));
  if (unknown !== undefined || !scopes.includes("read")) {
    throw new EmailKitError(
      "INVALID_CONFIG",
      `agents.${name}.scopes is ${JSON.stringify(scopes)}. Give ["read"], ["read", "reply"] or ["read", "reply", "send"], or leave it out for all.`,
    );
  }
  return hasScope({ scopes }, "reply") ? parseAccount(config) : parseMailbox(config);
}

export function readRetryPolicy(policy: EmailKitConfig["retry"]): { tries: number; firstMs: number; maxMs: number } {
  const { tries, first, maxMs } = { ...DEFAULTS.retry, ...policy };
  if (!Number.isInteger(tries) || tries < 1) {
    throw new EmailKitError("INVALID_CONFIG", `retry.tries is ${tries}; give a whole number, 1 or more.`);
  }
  return { tries, firstMs: durationMs(first), maxMs };
}

/** @throws EmailKitError `INVALID_CONFIG`. */
export function readLoops(limits: EmailKitConfig["loops"]): { hops: number; perPair: number } {
  const read = { ...DEFAULTS.loops, ...limits };
  for (const [name, value] of Object.entries(read)) {
    if (Number.isInteger(value) && value >= 1) continue;
    throw new EmailKitError("INVALID_CONFIG", `loops.${name} is ${value}; give a whole number, 1 or more.`);
  }
  return read;
}

/** @throws EmailKitError `INVALID_CONFIG`. */
export function readBreaker(limits: EmailKitConfig["breaker"]): Required<BreakerLimits> | undefined {
  if (limits === false) return undefined;
  const read = { ...BREAKER, ...limits };
  for (const name of ["bounces", "complaints"] as const) {
    if (!(read[name] > 0 && read[name] <= 1)) {
      throw new EmailKitError(
        "INVALID_CONFIG",
        `breaker.${name} is ${read[name]}; give a share above 0, such as ${BREAKER[name]}.`,
      );
    }
  }
  if (!Number.isInteger(read.sample) || read.sample < 1) {
    throw new EmailKitError("INVALID_CONFIG", `breaker.sample is ${read.sample}; give a whole number, 1 or more.`);
  }
  return read;
}

/** @throws EmailKitError `INVALID_CONFIG`. */
export function readInbound(policy: InboundPolicy = {}): InboundRules {
  const { maxBytes = DEFAULTS.inboundMaxBytes } = policy;
  if (!Number.isInteger(maxBytes) || maxBytes < 1 || maxBytes > LARGEST_MAIL) {
    throw new EmailKitError(
      "INVALID_CONFIG",
      `inbound.maxBytes is ${maxBytes}; give a whole number of octets, from 1 to ${LARGEST_MAIL}.`,
    );
  }
  const kind = unknownKind(policy.attachments ?? {});
  if (kind !== undefined) {
    throw new EmailKitError(
      "INVALID_CONFIG",
      `inbound.attachments has ${JSON.stringify(kind)}; give "application/pdf", "text/*", ".csv".`,
    );
  }
  return { ...policy, maxBytes, attachments: { deny: PROGRAMS, ...policy.attachments } };
}

/** @throws EmailKitError `INVALID_CONFIG`. */
export function checkNumbers(config: Pick<EmailKitConfig, "concurrency" | "maxBytes">): void {
  for (const name of ["concurrency", "maxBytes"] as const) {
    const value = config[name] ?? 1;
    if (Number.isInteger(value) && value >= 1) continue;
    throw new EmailKitError("INVALID_CONFIG", `${name} is ${value}; give a whole number, 1 or more.`);
  }
}

export function readDoubtPolicy(
  policy: EmailKitConfig["onDoubt"],
): { kind: "resend"; afterMs: number } | { kind: "hold" } {
  const value = policy ?? DEFAULTS.onDoubt;
  return value === "hold" ? { kind: "hold" } : { kind: "resend", afterMs: durationMs(value.resendAfter) };
}

/** Checks the ledger's address without any connection. @throws EmailKitError `INVALID_CONFIG`. */
export function checkLedger(ledger: string): void {
  if (isPostgresUrl(ledger)) parsePostgresUrl(ledger);
  else requireSqlite();
}

export function checkSecret(secret: string | undefined, ledger: string): void {
  if (secret === undefined) {
    if (!isPostgresUrl(ledger)) return;
    throw new EmailKitError(
      "INVALID_CONFIG",
      "Workers that share a ledger in PostgreSQL must share the `secret` that signs reply tokens as well. Draw one, and keep it: openssl rand -base64 32.",
    );
  }
  if (secret.length >= MIN_SECRET_LENGTH) return;
  throw new EmailKitError(
    "INVALID_CONFIG",
    `The secret has ${secret.length} characters; it needs at least ${MIN_SECRET_LENGTH}. Draw one: openssl rand -base64 32.`,
  );
}

/** The key that signs tokens: the given secret, or the one that lies beside the ledger. @throws EmailKitError `INVALID_CONFIG` where that is damaged. */
export async function readTokenKey(ledger: string, secret: string | undefined): Promise<Uint8Array> {
  if (secret !== undefined) return Buffer.from(secret, "utf8");
  if (ledger === ":memory:") return randomBytes(32);
  const path = `${ledger}.key`;
  if (!existsSync(path)) await drawKey(path);
  const key = Buffer.from((await readFile(path, "utf8")).trim(), "base64");
  // With an empty key anybody could sign.
  if (key.byteLength >= MIN_SECRET_LENGTH) return key;
  throw new EmailKitError(
    "INVALID_CONFIG",
    `${path}, which signs reply tokens, holds ${key.byteLength} octets of key and needs ${MIN_SECRET_LENGTH}. Restore it, or delete it to draw a new one: replies to mails already sent then lose their token.`,
  );
}

/** Of two processes that draw one at the same time, the first wins, and its file is whole. */
async function drawKey(path: string): Promise<void> {
  const aside = `${path}.${process.pid}`;
  await writeFile(aside, `${randomBytes(32).toString("base64")}\n`, { mode: 0o600 });
  try {
    await link(aside, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    await unlink(aside);
  }
}
