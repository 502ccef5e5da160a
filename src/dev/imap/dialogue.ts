import { announce } from "./selected.ts";
import { type Command, type CommandResult, type ImapSession } from "./session.ts";
import { readArguments, tokenize } from "./tokenizer.ts";

const MAX_ERRORS = 50;

/** Talks to one client until either side ends it. */
export async function runSession(
  session: ImapSession,
  commands: Readonly<Record<string, Command>>,
  capabilities: (session: ImapSession) => string,
): Promise<void> {
  const { out, reader } = session;
  out.line(`* OK [CAPABILITY ${capabilities(session)}] ${session.host.hostname} ready`);
  out.flush();
  let errors = 0;
  while (!session.over) {
    const read = await reader.readCommand(() => {
      out.line("+ Go on");
      out.flush();
    });
    if (read.kind === "end") return;
    if (read.kind === "broken") {
      out.line(`* BYE ${read.reason}`);
      out.flush();
      return;
    }
    if (read.kind === "refused") {
      out.line(`${read.tag} NO [TOOBIG] ${read.reason}`);
      out.flush();
      continue;
    }
    const failed = await answer(session, commands, read.chunks);
    errors = failed ? errors + 1 : 0;
    if (errors >= MAX_ERRORS) {
      out.line("* BYE Too many errors");
      session.over = true;
    }
    out.flush();
  }
}

/** Whether the command was bad. */
async function answer(
  session: ImapSession,
  commands: Readonly<Record<string, Command>>,
  chunks: readonly (string | Buffer)[],
): Promise<boolean> {
  const { out } = session;
  let tag = "*";
  try {
    const args = readArguments(tokenize(chunks));
    const first = args.atom("tag");
    if (!/^[^\s(){%*"\\\]+]{1,200}$/.test(first)) throw new SyntaxError("Bad tag");
    tag = first;
    let name = args.atom("command").toUpperCase();
    if (name === "UID") name = `UID ${args.atom("command").toUpperCase()}`;
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (!command) throw new SyntaxError("Unknown command");
    const result = admits(session, command) ?? (await command.run(session, args));
    // Whatever came from other sessions meanwhile is told before the tagged line.
    announce(session, { expunges: command.tellsExpunge ?? false });
    out.line(`${tag} ${result.status} ${result.code ? `[${result.code}] ` : ""}${result.text}`);
    if (result.afterwards) {
      out.flush();
      await result.afterwards();
    }
    return result.status === "BAD";
  } catch (error) {
    if (!(error instanceof SyntaxError)) {
      session.host.log.error("imap command failed", { error: String(error) });
      out.line(`${tag} NO [SERVERBUG] Internal error`);
      return true;
    }
    out.line(`${tag} BAD ${error.message}`);
    return true;
  }
}

function admits(session: ImapSession, command: Command): CommandResult | undefined {
  if (command.needs !== "nothing" && !session.account) return { status: "BAD", text: "Sign in first" };
  if (command.needs === "mailbox" && !session.selected) return { status: "BAD", text: "No mailbox selected" };
  return undefined;
}
