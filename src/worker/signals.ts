const stops = new Map<NodeJS.Signals, Set<() => Promise<void>>>();

/**
 * Calls `stop` when the process gets the signal. When everything has stopped, the signal takes its usual effect, unless the program listens for it too: then the
 * program says how it ends. A second signal is not held up. Returns the way to undo it.
 */
export function stopOnSignal(signal: NodeJS.Signals, stop: () => Promise<void>): () => void {
  let known = stops.get(signal);
  if (!known) {
    known = new Set();
    stops.set(signal, known);
    // Ahead of the program's listeners, of which those added with `once` are gone after they have run.
    process.prependListener(signal, onSignal);
  }
  known.add(stop);
  return () => {
    const rest = stops.get(signal);
    rest?.delete(stop);
    if (rest?.size === 0) forget(signal);
  };
}

function onSignal(signal: NodeJS.Signals): void {
  const known = [...(stops.get(signal) ?? [])];
  const alone = process.listenerCount(signal) === 1;
  forget(signal);
  void Promise.allSettled(known.map((stop) => stop())).then(() => {
    if (alone) process.kill(process.pid, signal);
  });
}

function forget(signal: NodeJS.Signals): void {
  stops.delete(signal);
  process.off(signal, onSignal);
}
