import { agentNamed } from "../../accounts/agent.ts";
import { EmailKitError } from "../../errors.ts";
import { decide, readUntil, type Until } from "../../ledger/until.ts";
import { canonicalAddress, parseAddress, sameAddress } from "../../mail/address.ts";
import { checkDeadline } from "../../time/deadline.ts";
import type { OpenKit, OpenKitOnce } from "../context.ts";
import { awaitReplies, type AwaitRepliesOptions, type Replies } from "./await-replies.ts";
import { awaitReply } from "./await-reply.ts";
import type { ReplyOf, TaskDefinition } from "./define-task.ts";
import type { Outcome } from "./outcome.ts";
import type { TaskReceipt } from "./receipt.ts";
import { sendTask, sendTasks, type TaskMail } from "./send-task.ts";

type Node<State, Update> = (state: State) => Promise<Update>;

/** What a node mails, and what becomes of the result: an update of the state, or a `Command`. */
interface Asking<State, Mail, Result, Update> {
  mail: (state: State) => Mail;
  update: (result: Result, state: State) => Update;
}

/** One question to many. */
interface BroadcastMail<AgentName extends string = string> extends Omit<TaskMail<AgentName>, "to" | "key"> {
  /** Who is asked, each once, in a mail and a conversation of their own. */
  to: readonly string[];
}

type Broadcasting<State, AgentName extends string, Reply, Update> = Omit<AwaitRepliesOptions<Reply>, "task"> &
  Asking<State, BroadcastMail<AgentName>, Replies<Reply>, Update>;

/** What is handed over, to whom, and who sees it. */
interface HandOffMail<AgentName extends string = string> extends Omit<
  TaskMail<AgentName>,
  "to" | "cc" | "data" | "key"
> {
  /** The peer. */
  to: string;
  /** Who gets a copy of the task's mails, and is not asked: a reply of theirs stays in quarantine, unless the task's `accept.from` has them. */
  monitor: string;
  /** What the peer needs of the state: nothing else of it is mailed. A served agent gets it as its request's `data`, a person reads it below `body`. */
  data: object;
}

/** Ready nodes. Pass them to `addNode`. A task is its definition, or the name of one that the kit was given in `tasks`. */
export interface EmailNodes<AgentName extends string, Task extends TaskDefinition = never> {
  /**
   * Both in one node: mails the task and waits for its outcome. Asking again for what a reply lacks, reminders and the next candidate are the task's own affair.
   * Under `Send`, each branch asks and waits for itself.
   */
  delegate<State, Reply, Update>(
    task: TaskDefinition<Reply>,
    options: Asking<State, TaskMail<AgentName>, Outcome<Reply>, Update>,
  ): Node<State, Update>;
  delegate<State, Name extends Task["name"], Update>(
    task: Name,
    options: Asking<State, TaskMail<AgentName>, Outcome<ReplyOf<Task, Name>>, Update>,
  ): Node<State, Update>;
  /**
   * The same question to many: mails each of them the task, and waits once, as `awaitReplies` does (`until`, `deadline`, `cancelRest`). `update` gets what it gives;
   * outcomes are in the order of `to`.
   * @throws EmailKitError as the node is made: `INVALID_CONFIG` for a condition or deadline that is none. As it runs, before anything is mailed: `INVALID_ADDRESS`
   * for nobody or somebody twice in `to`, `INVALID_CONFIG` for a condition that these cannot meet.
   */
  broadcast<State, Reply, Update>(
    task: TaskDefinition<Reply>,
    options: Broadcasting<State, AgentName, Reply, Update>,
  ): Node<State, Update>;
  broadcast<State, Name extends Task["name"], Update>(
    task: Name,
    options: Broadcasting<State, AgentName, ReplyOf<Task, Name>, Update>,
  ): Node<State, Update>;
  /**
   * Peer to peer: hands work over in a conversation of its own, with a monitor in Cc, and waits for the outcome. Of the state, the peer gets what `mail` picks.
   * @throws EmailKitError as the node runs, before anything is mailed: `INVALID_ADDRESS` for a monitor that is asked or asks.
   */
  handOff<State, Reply, Update>(
    task: TaskDefinition<Reply>,
    options: Asking<State, HandOffMail<AgentName>, Outcome<Reply>, Update>,
  ): Node<State, Update>;
  handOff<State, Name extends Task["name"], Update>(
    task: Name,
    options: Asking<State, HandOffMail<AgentName>, Outcome<ReplyOf<Task, Name>>, Update>,
  ): Node<State, Update>;
  /** A node that mails a task. `update` writes the receipt into the state, for a wait elsewhere; without it the state stays as it is. */
  sendTask<State, Reply, Update = Record<string, never>>(
    task: TaskDefinition<Reply>,
    options: {
      mail: (state: State) => TaskMail<AgentName>;
      update?: (receipt: TaskReceipt<Reply>, state: State) => Update;
    },
  ): Node<State, Update>;
  sendTask<State, Name extends Task["name"], Update = Record<string, never>>(
    task: Name,
    options: {
      mail: (state: State) => TaskMail<AgentName>;
      update?: (receipt: TaskReceipt<ReplyOf<Task, Name>>, state: State) => Update;
    },
  ): Node<State, Update>;
  /** A node that waits for the task's outcome. `receipt` says which send is meant, where the thread has several of that name. */
  awaitReply<State, Reply, Update>(
    task: TaskDefinition<Reply>,
    options: {
      receipt?: (state: State) => TaskReceipt<Reply>;
      update: (outcome: Outcome<Reply>, state: State) => Update;
    },
  ): Node<State, Update>;
  awaitReply<State, Name extends Task["name"], Update>(
    task: Name,
    options: {
      receipt?: (state: State) => TaskReceipt<ReplyOf<Task, Name>>;
      update: (outcome: Outcome<ReplyOf<Task, Name>>, state: State) => Update;
    },
  ): Node<State, Update>;
}

type DelegateOptions = Asking<unknown, TaskMail, Outcome<unknown>, unknown>;
type BroadcastOptions = Broadcasting<unknown, string, unknown, unknown>;
type HandOffOptions = Asking<unknown, HandOffMail, Outcome<unknown>, unknown>;

interface SendOptions {
  mail: (state: unknown) => TaskMail;
  update?: (receipt: TaskReceipt, state: unknown) => unknown;
}

interface AwaitOptions {
  receipt?: (state: unknown) => TaskReceipt;
  update: (outcome: Outcome<unknown>, state: unknown) => unknown;
}

/** @param definition Finds a task that is named; throws where there is none, as the nodes are made. */
export function createNodes(open: OpenKitOnce, definition: (task: TaskDefinition | string) => TaskDefinition) {
  const asking = <Mail>(
    named: TaskDefinition | string,
    { mail, update }: Asking<unknown, Mail, Outcome<unknown>, unknown>,
    mailOf: (kit: OpenKit, task: TaskDefinition, mail: Mail) => TaskMail,
  ): Node<unknown, unknown> => {
    const task = definition(named);
    return async (state) => {
      const kit = await open();
      const receipt = await sendTask(kit, task, mailOf(kit, task, mail(state)));
      return update(await awaitReply(kit, receipt, { task }), state);
    };
  };
  return {
    delegate: (named: TaskDefinition | string, options: DelegateOptions) =>
      asking(named, options, (_, __, mail) => mail),
    handOff: (named: TaskDefinition | string, options: HandOffOptions) => asking(named, options, handOffMail),
    broadcast(named: TaskDefinition | string, options: BroadcastOptions): Node<unknown, unknown> {
      const { mail, update, ...wait } = options;
      const task = definition(named);
      const until = readUntil(wait.until ?? "all");
      if (wait.deadline !== undefined) checkDeadline(wait.deadline);
      return async (state) => {
        const kit = await open();
        const receipts = await sendTasks(kit, task, broadcastMails(task, mail(state), until));
        return update(await awaitReplies(kit, receipts, { ...wait, task }), state);
      };
    },
    sendTask(named: TaskDefinition | string, { mail, update }: SendOptions): Node<unknown, unknown> {
      const task = definition(named);
      return async (state) => {
        const receipt = await sendTask(await open(), task, mail(state));
        return update ? update(receipt, state) : {};
      };
    },
    awaitReply(named: TaskDefinition | string, { receipt, update }: AwaitOptions): Node<unknown, unknown> {
      const task = definition(named);
      return async (state) => {
        const sent = receipt?.(state);
        const outcome = await (sent ? awaitReply(await open(), sent, { task }) : awaitReply(await open(), task));
        return update(outcome, state);
      };
    },
  };
}

/** Each has its address for a key: a list that a later version of the graph makes longer asks nobody twice. */
function broadcastMails({ name }: TaskDefinition, { to, ...mail }: BroadcastMail, until: Until): TaskMail[] {
  const addressees = to.map((one) => parseAddress(one).address);
  const keys = addressees.map(canonicalAddress);
  const twice = addressees.find((_, place) => keys.indexOf(keys[place]!) < place);
  if (addressees.length === 0 || twice !== undefined) {
    const what = twice === undefined ? "there is nobody in `to`" : `${twice} is in \`to\` twice`;
    throw new EmailKitError("INVALID_ADDRESS", `Task "${name}" was not mailed: ${what}.`);
  }
  const open = addressees.map((addressee) => ({ addressee, outcome: null }));
  if (decide(until, open) === "unmet") {
    throw new EmailKitError(
      "INVALID_CONFIG",
      `Task "${name}" was not mailed: the answers of ${addressees.join(", ")} could not meet ${JSON.stringify(until)}.`,
    );
  }
  return addressees.map((address, place) => ({ ...mail, to: address, key: keys[place]! }));
}

function handOffMail(kit: OpenKit, { name }: TaskDefinition, { monitor, ...mail }: HandOffMail): TaskMail {
  const asked = [mail.to, ...(mail.reassignTo ?? []), ...(mail.escalate ?? []).map(({ to }) => to)];
  const { address } = parseAddress(monitor);
  const isAsked = asked.some((one) => sameAddress(parseAddress(one).address, address));
  if (isAsked || sameAddress(agentNamed(kit.agents, mail.from).address.address, address)) {
    throw new EmailKitError(
      "INVALID_ADDRESS",
      `Task "${name}" was not mailed: ${address} is to monitor it, and ${isAsked ? "to do it" : "asks"}. Name somebody else.`,
    );
  }
  return { ...mail, cc: address };
}
