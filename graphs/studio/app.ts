// `http.app` of langgraph.json: the server loads it once, after the graphs, and so the worker starts and ends with the server.
import { Client } from "@langchain/langgraph-sdk";
import { Hono } from "hono";
import { kit } from "./graphs.ts";

// Without a URL the client reaches the server that it runs in.
await kit.start({ server: new Client() });

export const app = new Hono().get("/mail/events", async (context) => context.json(await kit.events()));
