import { dismiss, no, ok, type Command, type ImapSession } from "../session.ts";
import { unselect } from "../selected.ts";
import { octetsToText } from "../tokenizer.ts";

/** Commands of the connection itself: capabilities, TLS, sign-in, end. */
export const connectionCommands: Record<string, Command> = {
  CAPABILITY: {
    needs: "nothing",
    run(session, args) {
      args.end();
      session.out.line(`* CAPABILITY ${capabilities(session)}`);
      return ok("Done");
    },
  },
  NOOP: { needs: "nothing", tellsExpunge: true, run: () => ok("Done") },
  LOGOUT: {
    needs: "nothing",
    run(session) {
      unselect(session);
      session.out.line("* BYE Good-bye");
      session.over = true;
      return ok("Done");
    },
  },
  ID: {
    needs: "nothing",
    run(session) {
      session.out.line('* ID ("name" "langgraph-email dev")');
      return ok("Done");
    },
  },
  ENABLE: {
    needs: "account",
    run(session, args) {
      const enabled: string[] = [];
      while (args.more()) {
        if (args.atom("capability").toUpperCase() !== "CONDSTORE") continue;
        session.condstore = true;
        enabled.push(" CONDSTORE");
      }
      session.out.line(`* ENABLED${enabled.join("")}`);
      return ok("Done");
    },
  },
  STARTTLS: {
    needs: "nothing",
    run(session, args) {
      args.end();
      if (session.secure || session.account || !session.host.starttls) return { status: "BAD", text: "Not now" };
      return { ...ok("Begin TLS"), afterwards: () => startTls(session) };
    },
  },
  LOGIN: {
    needs: "nothing",
    run(session, args) {
      const user = octetsToText(args.astring("user"));
      const password = octetsToText(args.astring("password"));
      args.end();
      return signIn(session, user, password);
    },
  },
  AUTHENTICATE: {
    needs: "nothing",
    async run(session, args) {
      const mechanism = args.atom("mechanism").toUpperCase();
      const initial = args.more() ? args.atom("initial response") : undefined;
      args.end();
      if (mechanism === "PLAIN") {
        const response = initial ?? (await challenge(session, ""));
        if (response === undefined) return { status: "BAD", text: "Cancelled" };
        // RFC 4616: authorization identity, user, password.
        const [, user, password] = Buffer.from(response, "base64").toString("utf8").split("\0");
        if (user === undefined || password === undefined) return { status: "BAD", text: "Bad response" };
        return signIn(session, user, password);
      }
      if (mechanism === "LOGIN") {
        const user = initial ?? (await challenge(session, "Username:"));
        const password = user === undefined ? undefined : await challenge(session, "Password:");
        if (user === undefined || password === undefined) return { status: "BAD", text: "Cancelled" };
        return signIn(session, base64Text(user), base64Text(password));
      }
      return no("Unknown mechanism");
    },
  },
};

export function capabilities(session: ImapSession): string {
  const always =
    "IMAP4rev1 LITERAL+ SASL-IR ID ENABLE IDLE NAMESPACE UNSELECT UIDPLUS MOVE CONDSTORE SPECIAL-USE CHILDREN WITHIN";
  const limit = `APPENDLIMIT=${session.host.maxMailBytes}`;
  const signIn = session.account ? "" : " AUTH=PLAIN AUTH=LOGIN";
  const starttls = session.host.starttls && !session.secure && !session.account ? " STARTTLS" : "";
  return `${always} ${limit}${signIn}${starttls}`;
}

async function startTls(session: ImapSession): Promise<void> {
  try {
    session.socket = await session.host.startTls(session.socket);
    session.secure = true;
    session.reader.switchTo(session.socket);
    session.out.switchTo(session.socket);
  } catch (error) {
    session.host.log.debug("imap: no TLS", { error: String(error) });
    session.over = true;
    session.socket.destroy();
  }
}

function signIn(session: ImapSession, user: string, password: string) {
  if (session.account) return { status: "BAD" as const, text: "Signed in already" };
  const account = session.host.faults.refuseAuth ? undefined : session.host.signIn(user, password);
  if (!account) return no("Sign-in refused", "AUTHENTICATIONFAILED");
  session.account = account;
  return ok("Signed in", `CAPABILITY ${capabilities(session)}`);
}

/** Asks the client for one more line; `undefined` where it cancels or goes. */
async function challenge(session: ImapSession, prompt: string): Promise<string | undefined> {
  session.out.line(`+ ${Buffer.from(prompt).toString("base64")}`);
  session.out.flush();
  const line = await session.reader.readLine();
  if (line === "long") dismiss(session, "Line too long");
  return line === undefined || line === "long" || line.text === "*" ? undefined : line.text;
}

function base64Text(text: string): string {
  return Buffer.from(text, "base64").toString("utf8");
}
