/** A JSON text as mail programs leave it, read. */
export type JsonRead =
  | { kind: "value"; value: unknown; end: number; repaired: boolean }
  /** The text ends before the value does; nothing is made up for what is missing. */
  | { kind: "truncated" }
  | { kind: "error"; at: number };

const DEEPEST = 64;
/** Keys that reach the prototype of what a value is merged into: they are left out. */
const POLLUTING: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);
/** What closes a string, by what opened it: word processors make typographic quotes of straight ones. */
const CLOSING: Readonly<Record<string, string>> = {
  '"': '"“”',
  "“": '”“"',
  "”": '”“"',
  "„": '“”"',
  "«": "»",
  "»": "«",
  "'": "'’",
  "‘": "’'",
  "’": "’'",
  "＂": "＂",
};
const SPACE = /[\s\u00A0\u200B\uFEFF]/;
const BARE_KEY = /[\p{L}_$][\p{L}\p{N}_$-]*/uy;
const BARE_VALUE = /true|false|null|True|False|None|TRUE|FALSE|NULL/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

type Step = { ok: true; value: unknown } | { ok: false; truncated: boolean };

/**
 * Reads the JSON value at `start`. Repairs syntax that mail programs damage (typographic quotes, line breaks inside
 * strings, trailing or missing commas at line ends, comments, bare keys); never closes what is open.
 */
export function readJson(text: string, start: number): JsonRead {
  const reader = new JsonReader(text, start);
  const step = reader.value(0);
  if (step.ok) return { kind: "value", value: step.value, end: reader.at, repaired: reader.repaired };
  return step.truncated ? { kind: "truncated" } : { kind: "error", at: reader.at };
}

/** A thing with a life: a position that moves on. */
class JsonReader {
  at: number;
  repaired = false;
  private readonly text: string;

  constructor(text: string, start: number) {
    this.text = text;
    this.at = start;
  }

  value(depth: number): Step {
    this.skip();
    const c = this.text[this.at];
    if (c === undefined) return { ok: false, truncated: true };
    if (c === "{" || c === "[") return depth >= DEEPEST ? fail() : c === "{" ? this.object(depth) : this.array(depth);
    if (CLOSING[c] !== undefined) return this.string(c);
    const bare = this.match(BARE_VALUE);
    if (bare !== undefined) {
      const word = bare.toLowerCase();
      if (word !== bare) this.repaired = true;
      return { ok: true, value: word === "true" ? true : word === "false" ? false : null };
    }
    const number = this.match(NUMBER);
    if (number === undefined) return fail();
    const next = this.text[this.at];
    if (next === undefined) return depth > 0 ? { ok: false, truncated: true } : { ok: true, value: Number(number) };
    return /[\s\u00A0,，;}\]/#]/.test(next) ? { ok: true, value: Number(number) } : fail();
  }

  private object(depth: number): Step {
    this.at += 1;
    const object: Record<string, unknown> = {};
    for (let first = true; ; first = false) {
      this.skip();
      if (this.text[this.at] === undefined) return { ok: false, truncated: true };
      if (this.text[this.at] === "}") {
        this.at += 1;
        return { ok: true, value: object };
      }
      if (!first && !this.separator()) return fail();
      if (this.text[this.at] === "}") continue;
      const key = this.key();
      if (!key.ok) return key;
      this.skip();
      const colon = this.text[this.at];
      if (colon === undefined) return { ok: false, truncated: true };
      if (colon !== ":" && colon !== "：") return fail();
      this.at += 1;
      const step = this.value(depth + 1);
      if (!step.ok) return step;
      const name = String(key.value);
      if (name === "__proto__" || (POLLUTING.has(name) && typeof step.value === "object")) continue;
      if (Object.hasOwn(object, name) && JSON.stringify(object[name]) !== JSON.stringify(step.value)) return fail();
      object[name] = step.value;
    }
  }

  private array(depth: number): Step {
    this.at += 1;
    const array: unknown[] = [];
    for (let first = true; ; first = false) {
      this.skip();
      if (this.text[this.at] === undefined) return { ok: false, truncated: true };
      if (this.text[this.at] === "]") {
        this.at += 1;
        return { ok: true, value: array };
      }
      if (!first && !this.separator()) return fail();
      if (this.text[this.at] === "]") continue;
      const step = this.value(depth + 1);
      if (!step.ok) return step;
      array.push(step.value);
    }
  }

  /** A comma, or the line break where one was forgotten. */
  private separator(): boolean {
    const c = this.text[this.at];
    if (c === "," || c === "，" || c === ";") {
      if (c !== ",") this.repaired = true;
      this.at += 1;
      this.skip();
      if (this.text[this.at] === "}" || this.text[this.at] === "]") this.repaired = true;
      return this.text[this.at] !== ",";
    }
    const broken = this.text.slice(Math.max(0, this.at - 200), this.at);
    if (!/\n[ \t\u00A0]*$/.test(broken)) return false;
    this.repaired = true;
    return true;
  }

  private key(): Step {
    const c = this.text[this.at] ?? "";
    if (CLOSING[c] !== undefined) return this.string(c);
    const bare = this.match(BARE_KEY);
    if (bare === undefined) return fail();
    this.repaired = true;
    return { ok: true, value: bare };
  }

  private string(open: string): Step {
    const closers = CLOSING[open] ?? open;
    if (open !== '"') this.repaired = true;
    let out = "";
    let from = (this.at += 1);
    for (let i = from; i < this.text.length; i += 1) {
      const c = this.text[i] ?? "";
      if (c === "\\") {
        const escape = this.escape(i + 1);
        if (escape === undefined) return i + 6 > this.text.length ? { ok: false, truncated: true } : fail();
        out += this.text.slice(from, i) + escape.text;
        i = escape.end - 1;
        from = escape.end;
      } else if (c === "\n" || c === "\r") {
        // A wrap that a mail program put into the string stands where there was a space.
        this.repaired = true;
        out += this.text.slice(from, i).trimEnd();
        let next = i + 1;
        while (next < this.text.length && /\s/.test(this.text[next] ?? "")) next += 1;
        out += " ";
        from = next;
        i = next - 1;
      } else if (closers.includes(c) && (c === open && open === '"' ? true : this.closesHere(i))) {
        this.at = i + 1;
        return { ok: true, value: out + this.text.slice(from, i) };
      }
    }
    return { ok: false, truncated: true };
  }

  /** Typographic quotes and apostrophes occur inside values: they close only where JSON goes on behind them. */
  private closesHere(i: number): boolean {
    return /^\s{0,80}(?:[,:}\]：，]|$|\n)/.test(this.text.slice(i + 1, i + 100)) || this.text.length === i + 1;
  }

  private escape(i: number): { text: string; end: number } | undefined {
    const c = this.text[i];
    if (c === "u") {
      const hex = this.text.slice(i + 1, i + 5);
      return /^[\da-f]{4}$/i.test(hex)
        ? { text: String.fromCharCode(Number.parseInt(hex, 16)), end: i + 5 }
        : undefined;
    }
    const simple: Readonly<Record<string, string>> = {
      n: "\n",
      t: "\t",
      r: "\r",
      b: "\b",
      f: "\f",
      '"': '"',
      "\\": "\\",
      "/": "/",
      "'": "'",
    };
    const text = c === undefined ? undefined : simple[c];
    return text === undefined ? undefined : { text, end: i + 1 };
  }

  private skip(): void {
    for (;;) {
      while (this.at < this.text.length && SPACE.test(this.text[this.at] ?? "")) this.at += 1;
      const two = this.text.slice(this.at, this.at + 2);
      if (two === "//" || (two[0] === "#" && this.at > 0)) {
        const end = this.text.indexOf("\n", this.at);
        this.at = end < 0 ? this.text.length : end;
      } else if (two === "/*") {
        const end = this.text.indexOf("*/", this.at + 2);
        this.at = end < 0 ? this.text.length : end + 2;
      } else return;
      this.repaired = true;
    }
  }

  private match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (found !== undefined) this.at += found.length;
    return found;
  }
}

function fail(): Step {
  return { ok: false, truncated: false };
}
