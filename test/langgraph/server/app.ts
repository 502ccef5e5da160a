// The start hook of the tests' API server: `http.app` of its langgraph.json.
import { Client } from "@langchain/langgraph-sdk";
import { Hono } from "hono";
import { kit } from "./graphs.ts";

const apiKey = process.env["WORKER_KEY"];
const worker = await kit.start({ server: new Client(apiKey === undefined ? {} : { apiKey }) });

export const app = new Hono().get("/mail/ready", async (context) => {
  await worker.ready;
  return context.text("ready");
});
