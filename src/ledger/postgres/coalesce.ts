/** Of a burst of commits, the first is told at once and the others together, so often at most: who is told looks with several queries. */
const COALESCE_MS = 20;

export function coalesced(work: () => void): { (): void; cancel(): void } {
  let timer: NodeJS.Timeout | undefined;
  let again = false;
  const call = () => {
    if (timer) {
      again = true;
      return;
    }
    again = false;
    timer = setTimeout(() => {
      timer = undefined;
      if (again) call();
    }, COALESCE_MS).unref();
    work();
  };
  return Object.assign(call, { cancel: () => clearTimeout(timer) });
}
