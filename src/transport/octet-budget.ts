/** Octets that several may hold at once. */
export interface OctetBudget {
  /** Resolves when there is room for so many, first come, first served, with what gives them back. Who wants more than there are in all gets all. */
  take(octets: number): Promise<() => void>;
}

export function createOctetBudget(total: number): OctetBudget {
  let free = total;
  const waiting: { octets: number; grant: () => void }[] = [];
  const next = () => {
    while (waiting[0] !== undefined && waiting[0].octets <= free) {
      const { octets, grant } = waiting.shift()!;
      free -= octets;
      grant();
    }
  };
  return {
    async take(wanted) {
      const octets = Math.min(wanted, total);
      await new Promise<void>((grant) => {
        waiting.push({ octets, grant });
        next();
      });
      return () => {
        free += octets;
        next();
      };
    },
  };
}
