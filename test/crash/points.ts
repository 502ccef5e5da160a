/** Where a process is killed: when it comes to `point` for the `nth` time. */
export interface Kill {
  point: string;
  nth: number;
}

const seen = new Map<string, number>();
let armed: Kill | undefined;

/** Begins to count anew, and kills this process at `kill`. */
export function arm(kill: Kill | undefined): void {
  seen.clear();
  armed = kill;
}

/** How often each point was come to. */
export function seenPoints(): Record<string, number> {
  return Object.fromEntries(seen);
}

/** A place where a process may die. */
export function point(name: string): void {
  const times = (seen.get(name) ?? 0) + 1;
  seen.set(name, times);
  if (armed?.point !== name || armed.nth !== times) return;
  process.kill(process.pid, "SIGKILL");
  // Other threads of this process may be the ones that the signal reaches first.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

/** Names what `work` does, before and after it. */
export async function around<T>(name: string, work: () => Promise<T>): Promise<T> {
  point(`${name}:before`);
  const result = await work();
  point(`${name}:after`);
  return result;
}

/** For what changes nothing outside of the process: to die before it is to die after what came before. */
export async function after<T>(name: string, work: () => Promise<T>): Promise<T> {
  const result = await work();
  point(name);
  return result;
}
