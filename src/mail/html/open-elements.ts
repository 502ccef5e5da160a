import { BLOCK_ELEMENTS, CLOSED_BY, SCOPE_ELEMENTS } from "./elements.ts";

/** An open element with what its descendants inherit from it. */
export interface OpenElement<T> {
  readonly tag: string;
  readonly state: T;
  /** Its place in the stack. */
  readonly at: number;
  /** Index of the nearest element at or below this one beyond which an inline end tag does not reach. */
  readonly block: number;
  /** The same for a block's end tag: cells and tables. */
  readonly scope: number;
}

/**
 * The stack of open elements. Every operation costs amortised constant time at any depth: the positions of each tag
 * are kept, so that a flood of unmatched end tags is never searched for.
 */
export function openElements<T>(root: T): {
  readonly top: () => OpenElement<T>;
  readonly open: (tag: string, state: T) => void;
  /** Closes the elements that a start tag closes implicitly; returns them, innermost first. */
  readonly closeBefore: (tag: string) => OpenElement<T>[];
  /** Closes by an end tag; nothing where no such element is open within reach. */
  readonly close: (tag: string) => OpenElement<T>[];
} {
  const stack: OpenElement<T>[] = [{ tag: "#root", state: root, at: 0, block: 0, scope: 0 }];
  const positions = new Map<string, number[]>();
  const top = (): OpenElement<T> => stack[stack.length - 1] as OpenElement<T>;
  const popTo = (length: number): OpenElement<T>[] => {
    if (stack.length === length + 1) {
      const only = stack.pop() as OpenElement<T>;
      positions.get(only.tag)?.pop();
      return [only];
    }
    const closed: OpenElement<T>[] = [];
    while (stack.length > length) {
      const element = stack.pop();
      if (element === undefined) break;
      positions.get(element.tag)?.pop();
      closed.push(element);
    }
    return closed;
  };
  const lastOf = (tag: string): number => positions.get(tag)?.at(-1) ?? -1;
  return {
    top,
    open: (tag, state) => {
      const at = stack.length;
      const scope = SCOPE_ELEMENTS.has(tag) ? at : top().scope;
      const block = BLOCK_ELEMENTS.has(tag) || SCOPE_ELEMENTS.has(tag) ? at : top().block;
      stack.push({ tag, state, at, block, scope });
      const list = positions.get(tag);
      if (list === undefined) positions.set(tag, [at]);
      else list.push(at);
    },
    closeBefore: (tag) => {
      // A tag may have the name of something that every object has, such as `constructor`.
      const closed = Object.hasOwn(CLOSED_BY, tag) ? CLOSED_BY[tag] : undefined;
      const targets = closed ?? (BLOCK_ELEMENTS.has(tag) ? ["p"] : []);
      if (targets.length === 0) return [];
      const table = Math.max(0, lastOf("table"));
      const fence = tag === "li" ? Math.max(lastOf("ul"), lastOf("ol")) : -1;
      const reach =
        SCOPE_ELEMENTS.has(tag) || tag === "tr" || tag.startsWith("t") ? table : Math.max(top().scope, fence);
      let at = Infinity;
      for (const target of targets) {
        const position = lastOf(target);
        if (position > reach && position < at) at = position;
      }
      return at === Infinity ? [] : popTo(at);
    },
    close: (tag) => {
      const at = lastOf(tag);
      if (at < 0) return [];
      const element = top();
      if (BLOCK_ELEMENTS.has(tag)) {
        const table =
          tag === "tr" || tag.startsWith("tb") || tag === "thead" || tag === "tfoot" ? lastOf("table") : element.scope;
        if (tag !== "table" && at < table) return [];
      } else if (SCOPE_ELEMENTS.has(tag)) {
        if (tag !== "table" && at < lastOf("table")) return [];
      } else if (at < element.block) return [];
      return popTo(at);
    },
  };
}
