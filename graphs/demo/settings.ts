/** What the supervisor tells each process of the demo, in one environment variable. */
export interface DemoSettings {
  directory: string;
  topic: string;
  threadId: string;
  accounts: Record<"desk" | "research" | "analysis", { address: string; smtp: string; imap: string }>;
  approver: string;
  /** Where set, the process stands still at each step until it is killed; but not at those that are listed, where that was done. */
  killed?: string[];
}

const VARIABLE = "LANGGRAPH_EMAIL_DEMO";

export function writeSettings(settings: DemoSettings): Record<string, string> {
  return { [VARIABLE]: JSON.stringify(settings) };
}

export function readSettings(): DemoSettings {
  const text = process.env[VARIABLE];
  if (!text) throw new Error("This process is started by the demo: npm run demo");
  return JSON.parse(text) as DemoSettings;
}
