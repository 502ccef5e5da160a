import type { Case, Scenario } from "../scenario.ts";
import {
  any,
  type AnyGraph,
  askBare,
  askByKit,
  bareResume,
  finished,
  type Kit,
  thread,
  until,
  type World,
} from "../world.ts";
import { fanOut } from "./parallel.ts";

const NAMES = Array.from({ length: 50 }, (_, index) => `p${index + 10}`);

/** `counts` is shown in the table, and not compared. */
interface Observed {
  answers: number;
  joins: number;
  mails: number;
  counts: { executions: number; resumes: number };
}

const wanted = { answers: 50, joins: 1, mails: 50 };

async function bare(world: World, groups: string[][]): Promise<Observed> {
  const counts = { ask: 0, join: 0 };
  const sent: string[] = [];
  const graph = any(fanOut(NAMES, askBare(sent), world.openSaver(), counts));
  await graph.invoke({}, thread());
  for (const group of groups) {
    const replies = Object.fromEntries(group.map((name) => [name, name]));
    await graph.invoke(await bareResume(graph, thread(), replies), thread());
  }
  const answers = (await graph.getState(thread())).values["answers"] as string[];
  return {
    answers: answers.length,
    joins: counts.join,
    mails: sent.length,
    counts: { executions: counts.ask, resumes: groups.length },
  };
}

async function withKit(world: World, answer: (kit: Kit, graph: AnyGraph) => Promise<void>): Promise<Observed> {
  const counts = { ask: 0, join: 0 };
  const kit = await world.startKit();
  const graph = any(
    kit.attach("fan", fanOut(NAMES, askByKit(world, kit), kit.checkpointer(world.openSaver()), counts) as never),
  );
  await graph.invoke({}, thread());
  await answer(kit, graph);
  const { answers } = (await finished(graph)) as { answers: string[] };
  const resumes = (await kit.events()).filter(({ kind }) => kind === "resumed").length;
  let mails = 0;
  for (const name of NAMES) mails += world.mail.mails(world.person(name)).length;
  return { answers: answers.length, joins: counts.join, mails, counts: { executions: counts.ask, resumes } };
}

const cases: Case[] = [
  {
    name: "fifty replies one by one",
    wanted,
    bare: (world) =>
      bare(
        world,
        NAMES.map((name) => [name]),
      ),
    kit: (world) =>
      withKit(world, async (kit) => {
        for (const [index, name] of NAMES.entries()) {
          await world.reply(name, name);
          const resumes = async () => (await kit.events()).filter(({ kind }) => kind === "resumed").length;
          await until(async () => (await resumes()) > index, `resume ${index + 1}`);
        }
      }),
  },
  {
    name: "fifty replies in bursts of ten",
    wanted,
    bare: (world) =>
      bare(
        world,
        [0, 1, 2, 3, 4].map((burst) => NAMES.slice(burst * 10, burst * 10 + 10)),
      ),
    kit: (world) =>
      withKit(world, async (kit) => {
        for (let burst = 0; burst < 5; burst++) {
          await Promise.all(NAMES.slice(burst * 10, burst * 10 + 10).map((name) => world.reply(name, name)));
          await until(async () => (await kit.messages("settled")).length >= burst * 10 + 10, "the burst");
        }
      }),
  },
];

export const many: Scenario[] = [{ number: 16, title: "Fifty waits", cases }];
