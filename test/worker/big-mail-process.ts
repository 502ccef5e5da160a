import { createEmailKit } from "langgraph-email";

/** A process of its own that reads a mailbox once and says what that took, at its peak and above what it had before. Settings come as JSON in the first argument. */
export interface BigMailSettings {
  directory: string;
  imap: string;
}

/** In octets. */
export interface Peak {
  rss: number;
  /** The JavaScript heap and what lies outside of it, which holds buffers. */
  memory: number;
}

const { directory, imap } = JSON.parse(process.argv[2]!) as BigMailSettings;
const kit = createEmailKit({
  ledger: `${directory}/mail.db`,
  agents: { desk: { address: "desk@a.example", imap, scopes: ["read"], junk: false } },
});
await kit.verify();
const held = () => process.memoryUsage().heapUsed + process.memoryUsage().external;
const before = { rss: process.resourceUsage().maxRSS * 1024, memory: held() };
let memory = 0;
const look = setInterval(() => (memory = Math.max(memory, held())), 2);
await kit.runOnce();
clearInterval(look);
const peak: Peak = { rss: process.resourceUsage().maxRSS * 1024 - before.rss, memory: memory - before.memory };
process.send!(peak);
await kit.close();
process.disconnect();
