import { type Line, lineOf, type LineMark, MOST_LINES } from "../history/line.ts";
import { type Colour, colourOf, groundOf, indistinguishable } from "./colour.ts";
import { BLOCK_ELEMENTS, SPACED_ELEMENTS, UNSHOWN_ELEMENTS, VOID_ELEMENTS } from "./elements.ts";
import { type Marker, markerOf } from "./markers.ts";
import { type OpenElement, openElements } from "./open-elements.ts";
import { declarationsOf, hiddenSelectors, hides, isTiny } from "./style.ts";
import { type Attributes, readTags } from "./tags.ts";

/** A link as the reader sees it. */
export interface RenderedLink {
  href: string;
  text: string;
  /** Index of the line it starts on. */
  line: number;
}

/** HTML as lines of visible text, each with what the structure says of it. */
export interface RenderedHtml {
  lines: Line[];
  links: RenderedLink[];
  /** Text that no reader sees. */
  hidden: string[];
}

interface State {
  hidden: boolean;
  unshown: boolean;
  depth: number;
  mark: LineMark | undefined;
  container: number;
  pre: boolean;
  colour: Colour;
  ground: Colour | "unknown";
  list: { ordered: boolean; next: number } | undefined;
}

interface RawLine {
  text: string;
  depth: number;
  mark: LineMark | undefined;
  container: number;
}

const ROOT: State = {
  hidden: false,
  unshown: false,
  depth: 0,
  mark: undefined,
  container: 0,
  pre: false,
  colour: 0,
  ground: 0xffffff,
  list: undefined,
};
const SPACES = /[\s\u00A0]/;
const LARGEST_SHEETS = 300_000;
/** The row starts with the next text. */
const NEXT_LINE = -2;
const MOST_HIDDEN = 50;
const LONGEST_HIDDEN = 2000;

/** Renders HTML to lines in linear time; deep nesting costs no stack. */
export function renderHtml(html: string): RenderedHtml {
  const writer = lineWriter();
  const elements = openElements<State>(ROOT);
  const hiddenTexts: string[] = [];
  const links: RenderedLink[] = [];
  let hiddenText: string[] | undefined;
  let hiddenAt = -1;
  const selectors = new Set<string>();
  let sheets = 0;
  let containers = 0;
  let link: RenderedLink | undefined;

  const leave = (closed: readonly Pick<OpenElement<State>, "tag" | "state" | "at">[]): void => {
    for (const element of closed) {
      if (element.at === hiddenAt) {
        const text = (hiddenText ?? [])
          .join("")
          .replace(/(?:[\s\u2007\u200B-\u200F\u00AD]|\u034F)+/g, " ")
          .trim();
        if (text !== "" && hiddenTexts.length < MOST_HIDDEN) hiddenTexts.push(text.slice(0, LONGEST_HIDDEN));
        hiddenText = undefined;
        hiddenAt = -1;
      }
      if (element.tag === "a") link = undefined;
      if (element.state.hidden || element.state.unshown) continue;
      if (BLOCK_ELEMENTS.has(element.tag)) writer.block(SPACED_ELEMENTS.has(element.tag));
      else if (element.tag === "s" || element.tag === "strike" || element.tag === "del")
        writer.text("~~", element.state);
    }
  };

  const { unread } = readTags(html, {
    css: (text) => {
      sheets += text.length;
      if (sheets < LARGEST_SHEETS) for (const selector of hiddenSelectors(text)) selectors.add(selector);
    },
    open: (tag, attributes) => {
      leave(elements.closeBefore(tag));
      const parent = elements.top().state;
      const marker = markerOf(tag, attributes);
      if (marker === "container" && parent.container === 0) containers += 1;
      const state = stateOf(tag, attributes, parent, marker, containers, selectors);
      if (state.hidden && hiddenAt < 0 && !VOID_ELEMENTS.has(tag)) {
        hiddenAt = elements.top().at + 1;
        hiddenText = [];
      }
      if (!state.hidden && !state.unshown) {
        writer.open(tag, attributes, state, marker);
        if (tag === "a" && (attributes.get("href") ?? "") !== "") {
          link = { href: attributes.get("href") ?? "", text: "", line: writer.position() };
          links.push(link);
        }
      }
      if (!VOID_ELEMENTS.has(tag)) elements.open(tag, state);
    },
    close: (tag) => {
      if (tag === "br" || tag === "p") {
        const state = elements.top().state;
        const closed = elements.close(tag);
        leave(closed);
        if (closed.length === 0 && !state.hidden && !state.unshown) writer.newline(state);
        return;
      }
      leave(elements.close(tag));
    },
    text: (text) => {
      const state = elements.top().state;
      if (state.hidden) hiddenText?.push(text);
      else if (!state.unshown) {
        writer.text(text, state);
        if (link !== undefined && link.text.length < 400) link.text += text.slice(0, 400);
      }
    },
  });
  if (hiddenAt >= 0) leave([{ tag: "", state: elements.top().state, at: hiddenAt }]);
  if (unread > 0) hiddenTexts.push(`[${unread} characters beyond the limit of elements]`);
  return { lines: toLines(writer.finish()), links, hidden: hiddenTexts };
}

function stateOf(
  tag: string,
  attributes: Attributes,
  parent: State,
  marker: Marker | undefined,
  container: number,
  selectors: ReadonlySet<string>,
): State {
  const unshown = parent.unshown || UNSHOWN_ELEMENTS.has(tag);
  const pre = parent.pre || tag === "pre" || tag === "textarea" || tag === "listing" || tag === "xmp";
  const list =
    tag === "ul" || tag === "ol"
      ? { ordered: tag === "ol", next: Number.parseInt(attributes.get("start") ?? "1", 10) || 1 }
      : parent.list;
  const depth = marker === "quote" ? parent.depth + 1 : parent.depth;
  const mark =
    marker === "attribution" || marker === "signature"
      ? marker
      : marker === "quote" && tag !== "blockquote"
        ? "quote"
        : parent.mark;
  const inside = marker === "container" && parent.container === 0 ? container : parent.container;
  if (attributes.size === 0) {
    if (
      unshown === parent.unshown &&
      pre === parent.pre &&
      list === parent.list &&
      depth === parent.depth &&
      mark === parent.mark
    )
      return inside === parent.container ? parent : { ...parent, container: inside };
    return { ...parent, unshown, pre, list, depth, mark, container: inside };
  }
  const css = declarationsOf(attributes.get("style"));
  const colour = colourOf(css.get("color") ?? attributes.get("color")) ?? parent.colour;
  const ground =
    groundOf(
      css.get("background-color") ??
        css.get("background") ??
        attributes.get("bgcolor") ??
        (attributes.has("background") ? "url()" : undefined),
    ) ?? parent.ground;
  const effective = ground === "transparent" ? parent.ground : ground;
  const invisible =
    colour === "transparent" ||
    (typeof colour === "number" && typeof effective === "number" && indistinguishable(colour, effective));
  const hidden =
    parent.hidden ||
    invisible ||
    attributes.has("hidden") ||
    hides(css) ||
    isTiny(attributes.get("size") === "0" && tag !== "font" ? "0" : undefined) ||
    selected(attributes, selectors);
  const space = css.get("white-space");
  return {
    hidden,
    unshown,
    depth,
    mark,
    container: inside,
    pre: pre || space === "pre" || space === "pre-wrap" || space === "pre-line",
    colour,
    ground: effective,
    list,
  };
}

function selected(attributes: Attributes, selectors: ReadonlySet<string>): boolean {
  if (selectors.size === 0) return false;
  const id = attributes.get("id");
  if (id !== undefined && selectors.has(`#${id.toLowerCase()}`)) return true;
  return (attributes.get("class") ?? "")
    .split(/\s+/, 12)
    .some((name) => name !== "" && selectors.has(`.${name.toLowerCase()}`));
}

interface LineWriter {
  open: (tag: string, attributes: Attributes, state: State, marker: Marker | undefined) => void;
  block: (spaced: boolean) => void;
  newline: (state: State) => void;
  text: (text: string, state: State) => void;
  position: () => number;
  finish: () => RawLine[];
}

function lineWriter(): LineWriter {
  const lines: RawLine[] = [];
  let parts: string[] = [];
  let filled = false;
  let spaceAtEnd = true;
  let owner: State = ROOT;
  let pendingMark: LineMark | undefined;
  let lineMark: LineMark | undefined;
  let breaks = 0;
  let cell = false;
  let rowStart = -1;
  const end = (state: State): void => {
    const from = filled ? owner : state;
    lines.push({
      text: parts.join(""),
      depth: from.depth,
      mark: filled ? (lineMark ?? from.mark) : from.mark,
      container: from.container,
    });
    if (filled) lineMark = undefined;
    parts = [];
    filled = false;
    spaceAtEnd = true;
  };
  const settle = (state: State): void => {
    if (cell && filled) {
      parts.push("\t");
      spaceAtEnd = true;
    } else if (breaks > 0) {
      if (filled) end(state);
      if (breaks > 1 && lines.length > 0 && (lines.at(-1)?.text ?? "") !== "")
        lines.push({ text: "", depth: state.depth, mark: state.mark, container: state.container });
    }
    cell = false;
    breaks = 0;
  };
  const put = (text: string, state: State): void => {
    settle(state);
    if (rowStart === NEXT_LINE) rowStart = lines.length;
    if (!filled) {
      owner = state;
      lineMark = pendingMark;
      pendingMark = undefined;
    }
    filled = true;
    parts.push(text);
    spaceAtEnd = text.endsWith(" ");
  };
  const self: LineWriter = {
    open: (tag, attributes, state, marker) => {
      if (marker === "divider" || marker === "announced") {
        self.block(false);
        pendingMark = marker === "divider" ? "divider" : (pendingMark ?? "announced");
      }
      if (tag === "br") self.newline(state);
      else if (tag === "td" || tag === "th") cell = filled && rowStart === lines.length;
      else if (tag === "li") {
        self.block(false);
        const list = state.list;
        put(list?.ordered === true ? `${list.next}. ` : "- ", state);
        if (list !== undefined) list.next += 1;
      } else if (tag === "hr") {
        self.block(false);
      } else if (tag === "input" && /^(?:checkbox|radio)$/i.test(attributes.get("type") ?? ""))
        put(attributes.has("checked") ? "[x] " : "[ ] ", state);
      else if (tag === "s" || tag === "strike" || tag === "del") self.text("~~", state);
      else if (BLOCK_ELEMENTS.has(tag)) {
        if (!cell) self.block(SPACED_ELEMENTS.has(tag));
        if (tag === "tr") {
          cell = false;
          rowStart = NEXT_LINE;
        }
      }
    },
    block: (spaced) => {
      breaks = Math.max(breaks, spaced ? 2 : 1);
    },
    newline: (state) => {
      if (filled) {
        if (breaks > 0 || cell) settle(state);
        else end(state);
        if (filled) end(state);
      } else {
        breaks = 0;
        lines.push({ text: "", depth: state.depth, mark: state.mark, container: state.container });
      }
    },
    text: (text, state) => {
      if (state.pre) {
        const pieces = text.split(/\r\n|\r|\n/);
        for (const [i, piece] of pieces.entries()) {
          if (i > 0) self.newline(state);
          if (piece !== "") put(piece.replaceAll("\u00A0", " "), state);
        }
        return;
      }
      const folded = SPACES.test(text) ? text.replace(/[ \t\r\n\f]+/g, " ").replaceAll("\u00A0", " ") : text;
      if (folded.trim() === "") {
        if (filled && breaks === 0 && !cell && !spaceAtEnd) {
          parts.push(" ");
          spaceAtEnd = true;
        }
        return;
      }
      put(
        (filled && breaks === 0 && !cell && spaceAtEnd) || !filled || breaks > 0 || cell ? folded.trimStart() : folded,
        state,
      );
      spaceAtEnd = folded.endsWith(" ");
    },
    position: () => lines.length + (filled && breaks > 0 ? 1 : 0),
    finish: () => {
      if (filled) end(owner);
      return lines;
    },
  };
  return self;
}

/**
 * In a client's container with block quotes, what stands after the first of them at container level is an answer
 * between quotations; what stands before it introduces them. Without block quotes all of it is quoted.
 */
function toLines(raw: readonly RawLine[]): Line[] {
  const quoting = new Set<number>();
  for (const line of raw) if (line.container > 0 && line.depth > 0) quoting.add(line.container);
  const passed = new Set<number>();
  const lines = raw.length > MOST_LINES ? [...raw.slice(0, MOST_LINES), joined(raw.slice(MOST_LINES))] : raw;
  return lines.map((line) => {
    let mark = line.mark;
    if (line.container > 0 && mark !== "attribution") {
      if (line.depth > 0) passed.add(line.container);
      if (!quoting.has(line.container) || (line.depth === 0 && !passed.has(line.container))) mark = "quote";
    }
    return lineOf(line.text, line.depth, mark);
  });
}

function joined(rest: readonly RawLine[]): RawLine {
  const [first] = rest;
  return {
    text: rest.map((line) => line.text).join("\n"),
    depth: first?.depth ?? 0,
    mark: first?.mark,
    container: first?.container ?? 0,
  };
}
