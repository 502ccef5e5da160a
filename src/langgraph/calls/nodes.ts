import type { TaskDefinition } from "./define-task.ts";
import type { Outcome } from "./outcome.ts";
import type { TaskReceipt } from "./receipt.ts";
import type { TaskMail } from "./send-task.ts";

type Node<State, Update> = (state: State) => Promise<Update>;

/** Ready nodes for graphs that keep sending and waiting apart. Pass them to `addNode`. */
export interface EmailNodes<AgentName extends string> {
  /** A node that mails a task. `update` writes the receipt into the state, for a wait elsewhere; without it the state stays as it is. */
  sendTask<State, Reply, Update = Record<string, never>>(
    task: TaskDefinition<Reply>,
    options: {
      mail: (state: State) => TaskMail<AgentName>;
      update?: (receipt: TaskReceipt<Reply>, state: State) => Update;
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
}

interface Calls<AgentName extends string> {
  sendTask<Reply>(task: TaskDefinition<Reply>, mail: TaskMail<AgentName>): Promise<TaskReceipt<Reply>>;
  awaitReply<Reply>(
    task: TaskDefinition<Reply> | TaskReceipt<Reply>,
    definition?: TaskDefinition<Reply>,
  ): Promise<Outcome<Reply>>;
}

export function createNodes<AgentName extends string>(calls: Calls<AgentName>): EmailNodes<AgentName> {
  return {
    sendTask<State, Reply, Update>(
      task: TaskDefinition<Reply>,
      options: {
        mail: (state: State) => TaskMail<AgentName>;
        update?: (receipt: TaskReceipt<Reply>, state: State) => Update;
      },
    ): Node<State, Update> {
      return async (state) => {
        const receipt = await calls.sendTask(task, options.mail(state));
        return options.update ? options.update(receipt, state) : ({} as Update);
      };
    },
    awaitReply: (task, options) => async (state) => {
      const receipt = options.receipt?.(state);
      return options.update(await calls.awaitReply(receipt ?? task, task), state);
    },
  };
}
