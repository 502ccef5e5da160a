import type { OpenKitOnce } from "../context.ts";
import { awaitReply } from "./await-reply.ts";
import type { ReplyOf, TaskDefinition } from "./define-task.ts";
import type { Outcome } from "./outcome.ts";
import type { TaskReceipt } from "./receipt.ts";
import { sendTask, type TaskMail } from "./send-task.ts";

type Node<State, Update> = (state: State) => Promise<Update>;

/** Ready nodes for graphs that keep sending and waiting apart. Pass them to `addNode`. */
export interface EmailNodes<AgentName extends string, Task extends TaskDefinition = never> {
  /**
   * Both in one node: mails the task and waits for its outcome. Asking again for what a reply lacks, reminders and the next candidate are the task's own affair.
   * Under `Send`, each branch asks and waits for itself.
   */
  delegate<State, Reply, Update>(
    task: TaskDefinition<Reply>,
    options: {
      mail: (state: State) => TaskMail<AgentName>;
      update: (outcome: Outcome<Reply>, state: State) => Update;
    },
  ): Node<State, Update>;
  delegate<State, Name extends Task["name"], Update>(
    task: Name,
    options: {
      mail: (state: State) => TaskMail<AgentName>;
      update: (outcome: Outcome<ReplyOf<Task, Name>>, state: State) => Update;
    },
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

interface DelegateOptions {
  mail: (state: unknown) => TaskMail;
  update: (outcome: Outcome<unknown>, state: unknown) => unknown;
}

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
  return {
    delegate(named: TaskDefinition | string, { mail, update }: DelegateOptions): Node<unknown, unknown> {
      const task = definition(named);
      return async (state) => {
        const kit = await open();
        const receipt = await sendTask(kit, task, mail(state));
        return update(await awaitReply(kit, receipt, { task }), state);
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
