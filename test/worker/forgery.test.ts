import { defineTask } from "langgraph-email";
import { afterEach, beforeEach, expect, it } from "vitest";
import { z } from "zod";
import { startMailServer, type MailServer } from "../../src/dev/index.ts";
import { replyAs, type ReplyOptions } from "../../src/testing/index.ts";
import { askGraph, deskKit, outcomeOf, thread } from "../support/desk.ts";

const approval = defineTask("approval", { reply: z.object({ approved: z.boolean() }), accept: { grade: "B" } });
const [ANN, BOB, MALLORY] = ["ann@b.example", "bob@b.example", "mallory@evil.example"] as const;
const NO_IDS = { References: "", "In-Reply-To": "" };

let mail: MailServer;
beforeEach(async () => {
  mail = await startMailServer();
  for (const address of [ANN, BOB, MALLORY]) mail.account(address);
});
afterEach(async () => {
  await mail.close();
});

/** Ann and Bob are each asked for an approval. */
async function bothAsked() {
  const kit = deskKit(mail);
  const graph = askGraph(kit, { task: approval });
  for (const to of [ANN, BOB]) await graph.invoke({ to }, thread(to));
  await kit.runOnce();
  const [toAnn, toBob] = [mail.mails(ANN)[0]!, mail.mails(BOB)[0]!];
  return {
    kit,
    toAnn,
    toBob,
    answer: async (options: Omit<ReplyOptions, "text"> & { text?: string }) => {
      await replyAs(mail, { text: "approved: yes", quote: false, ...options });
      await kit.runOnce();
      return {
        ann: (await outcomeOf(graph, ANN))?.kind,
        bob: (await outcomeOf(graph, BOB))?.kind,
        quarantined: (await kit.messages("quarantined")).map(({ grade }) => grade),
      };
    },
    [Symbol.asyncDispose]: () => kit.close(),
  };
}

const OPEN = { ann: undefined, bob: undefined };

it("a token of another's task settles nothing: neither that task nor one's own", async () => {
  await using asked = await bothAsked();
  const to = asked.toAnn.header("reply-to")!;
  expect(await asked.answer({ from: BOB, mail: asked.toBob, to, headers: NO_IDS })).toEqual({
    ...OPEN,
    quarantined: ["D"],
  });
});

it("a token of another's task beside the ids of one's own counts as the token says", async () => {
  await using asked = await bothAsked();
  const to = asked.toAnn.header("reply-to")!;
  expect(await asked.answer({ from: BOB, mail: asked.toBob, to })).toEqual({ ...OPEN, quarantined: ["D"] });
});

it("a stranger who has the token is a stranger", async () => {
  await using asked = await bothAsked();
  expect(await asked.answer({ from: MALLORY, mail: asked.toAnn })).toEqual({ ...OPEN, quarantined: ["D"] });
});

it("a token that was guessed, or changed by a character, is none", async () => {
  await using asked = await bothAsked();
  const token = /\+([a-z2-7]+)@/.exec(asked.toAnn.header("reply-to")!)![1]!;
  const guesses = [
    `${token.slice(0, -1)}${token.endsWith("a") ? "b" : "a"}`,
    `${token.slice(0, 5)}${"a".repeat(token.length - 5)}`,
  ];
  for (const [index, guess] of guesses.entries()) {
    const options = { from: ANN, mail: asked.toAnn, to: `desk+${guess}@a.example`, headers: NO_IDS };
    expect(await asked.answer(options)).toEqual({ ...OPEN, quarantined: Array(index + 1).fill("E") });
  }
});

it("the token of a bounce is no better than an id", async () => {
  await using asked = await bothAsked();
  const to = asked.toAnn.header("return-path")!.replace(/[<>]/g, "");
  expect(to).toMatch(/^desk\+b[a-z2-7]+@a\.example$/);
  expect(await asked.answer({ from: ANN, mail: asked.toAnn, to, headers: NO_IDS })).toEqual({
    ...OPEN,
    quarantined: ["C"],
  });
});

it("a token is used up by the outcome: who replays it changes nothing", async () => {
  await using asked = await bothAsked();
  expect(await asked.answer({ from: ANN, mail: asked.toAnn, text: "approved: no" })).toMatchObject({ ann: "replied" });
  expect(await asked.answer({ from: ANN, mail: asked.toAnn })).toMatchObject({ ann: "replied", quarantined: [] });
  const [late] = await asked.kit.messages("late");
  expect(late).toMatchObject({ sender: ANN });
  const settled = (await asked.kit.events({ threadId: ANN })).filter(({ kind }) => kind === "settled");
  expect(settled).toHaveLength(1);
});

it("another display name, or the address in it, makes nobody the addressee", async () => {
  await using asked = await bothAsked();
  const from = `"${ANN}" <${MALLORY}>`;
  expect(await asked.answer({ from, mail: asked.toAnn })).toEqual({ ...OPEN, quarantined: ["D"] });
});

it("a Reply-To in the answer redirects nothing: what is asked again goes to the addressee", async () => {
  await using asked = await bothAsked();
  const headers = { "Reply-To": MALLORY };
  await asked.answer({ from: ANN, mail: asked.toAnn, text: "What is this about?", headers });
  expect(mail.mails(ANN).map((one) => one.header("subject"))).toHaveLength(2);
  expect(mail.mails(MALLORY)).toEqual([]);
});
