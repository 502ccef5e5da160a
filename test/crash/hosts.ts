import { type ChildProcess, fork } from "node:child_process";
import { bundleChild } from "./bundle.ts";
import type { Life, LifeReport } from "./life.ts";

export type LifeEnd = LifeReport | { kind: "killed" } | { kind: "stuck" };

/** Processes that live lives. One that ends its life unharmed is used again: loading takes most of the time. */
export function createHosts() {
  const idle: ChildProcess[] = [];
  const bundled = bundleChild();
  const start = async () => fork(await bundled, { stdio: "inherit" });
  return {
    async live(life: Life, timeoutMs: number): Promise<LifeEnd> {
      const host = idle.pop() ?? (await start());
      const end = await new Promise<LifeEnd>((resolve) => {
        const timer = setTimeout(() => {
          host.removeAllListeners("exit");
          host.once("exit", () => resolve({ kind: "stuck" }));
          host.kill("SIGKILL");
        }, timeoutMs);
        host.once("exit", (code, signal) => {
          clearTimeout(timer);
          resolve(signal === "SIGKILL" ? { kind: "killed" } : { kind: "failed", error: `exit ${code ?? signal}` });
        });
        host.once("message", (report: LifeReport) => {
          clearTimeout(timer);
          resolve(report);
        });
        host.send(life);
      });
      host.removeAllListeners("exit");
      host.removeAllListeners("message");
      if (end.kind === "ended") idle.push(host);
      else host.kill("SIGKILL");
      return end;
    },
    close(): void {
      for (const host of idle) host.kill("SIGKILL");
    },
  };
}
