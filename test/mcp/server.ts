// What a user's program for an MCP client is: a kit, its worker, and one agent's tools. Called with the kit's configuration as JSON.
import { createEmailKit, type EmailKitConfig } from "langgraph-email";
import { serveMcp } from "langgraph-email/mcp";

const config = JSON.parse(process.argv[2]!) as EmailKitConfig<"desk">;
const kit = createEmailKit(config);
const worker = await kit.start();
const connection = await serveMcp(kit, { agent: "desk" });
await connection.closed;
await worker.stop();
await kit.close();
