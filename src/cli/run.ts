import { packageVersion } from "../version.ts";
import { type Command, type CommandIo, UsageError } from "./command.ts";
import { devCommand } from "./dev.ts";
import { auditCommand, exportCommand, quarantineCommand, traceCommand } from "./ledger.ts";
import { mcpCommand } from "./mcp.ts";

const COMMANDS: Readonly<Record<string, Command>> = {
  dev: devCommand,
  trace: traceCommand,
  audit: auditCommand,
  export: exportCommand,
  quarantine: quarantineCommand,
  mcp: mcpCommand,
};

/** Runs one command line. Resolves with the exit code: 0, 1 where the command failed, 2 where it was not understood. */
export async function runCommandLine(args: readonly string[], io: CommandIo): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === "help" || name === "--help" || name === "-h") {
    io.out(overview());
    return name === undefined ? 2 : 0;
  }
  if (name === "--version" || name === "-v") {
    io.out(`${packageVersion()}\n`);
    return 0;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) {
    io.err(`There is no command \`${name}\`.\n\n${overview()}`);
    return 2;
  }
  if (rest.includes("--help") || rest.includes("-h")) {
    io.out(command.help);
    return 0;
  }
  try {
    return await command.run(rest, io);
  } catch (error) {
    const usage = error instanceof UsageError || isParseArgsError(error);
    io.err(`${error instanceof Error ? error.message : String(error)}\n`);
    if (usage) io.err(`\`langgraph-email ${name} --help\` says what there is.\n`);
    return usage ? 2 : 1;
  }
}

function overview(): string {
  const commands = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(12)}${summary}\n`);
  return `Usage: langgraph-email <command> [options]\n\nCommands:\n${commands.join("")}\nOptions:\n  --help      Of a command: \`langgraph-email <command> --help\`\n  --version\n`;
}

function isParseArgsError(error: unknown): boolean {
  return error instanceof TypeError && String((error as NodeJS.ErrnoException).code).startsWith("ERR_PARSE_ARGS");
}
