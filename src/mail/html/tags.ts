import { Tokenizer, type TokenizerCallbacks } from "htmlparser2";

/** What of a tag's attributes the readers of mail look at; names in lower case, the first of a name counts. */
export type Attributes = ReadonlyMap<string, string>;

export interface TagHandler {
  open: (tag: string, attributes: Attributes) => void;
  close: (tag: string) => void;
  text: (text: string) => void;
  /** The content of a `style` element. */
  css: (text: string) => void;
}

const KEPT = new Set([
  "id",
  "class",
  "style",
  "type",
  "name",
  "title",
  "href",
  "color",
  "bgcolor",
  "background",
  "hidden",
  "data-marker",
  "size",
  "checked",
  "value",
  "start",
  "face",
]);
const NONE: Attributes = new Map();
const LONGEST_VALUE = 8192;
/** A mail with more elements than this was not written to be read; the largest newsletters have half of it. */
const MOST_TAGS = 20_000;

/**
 * Reads HTML as a flat sequence of tags and text; `unread` are the characters beyond a limit that no mail needs. Only the tokenizer of htmlparser2 is used: its parser keeps the
 * open elements in an array that it shifts, which takes seconds for a megabyte of nested tags.
 */
export function readTags(html: string, handler: TagHandler): { unread: number } {
  let tags = 0;
  let unread = 0;
  let tag = "";
  let attributes: Map<string, string> | undefined;
  let name = "";
  let value = "";
  let raw = "";
  const finish = (): void => {
    if (tag === "") return;
    const opened = tag;
    tag = "";
    if (opened === "style" || opened === "script") raw = opened;
    if (unread > 0) return;
    handler.open(opened, attributes ?? NONE);
    attributes = undefined;
  };
  let textStart = -1;
  let textEnd = -1;
  const flush = (): void => {
    if (textStart < 0) return;
    const data = html.slice(textStart, textEnd);
    textStart = -1;
    text(data);
  };
  const text = (data: string): void => {
    if (raw === "style") handler.css(data);
    else if (raw === "") handler.text(data);
  };
  const callbacks: TokenizerCallbacks = {
    onopentagname: (start, end) => {
      flush();
      tags += 1;
      if (tags > MOST_TAGS) {
        unread = html.length - start + 1;
        tokenizer.pause();
      }
      tag = html.slice(start, Math.min(end, start + 40)).toLowerCase();
    },
    onattribname: (start, end) => {
      name = end - start > 16 ? "" : html.slice(start, end).toLowerCase();
      value = "";
    },
    onattribdata: (start, end) => {
      if (KEPT.has(name) && value.length < LONGEST_VALUE)
        value += html.slice(start, Math.min(end, start + LONGEST_VALUE));
    },
    onattribentity: (codepoint) => {
      if (KEPT.has(name) && value.length < LONGEST_VALUE) value += String.fromCodePoint(codepoint);
    },
    onattribend: () => {
      if (!KEPT.has(name)) return;
      attributes ??= new Map();
      if (!attributes.has(name)) attributes.set(name, value);
    },
    onopentagend: finish,
    onselfclosingtag: finish,
    onclosetag: (start, end) => {
      flush();
      const closed = html
        .slice(start, Math.min(end, start + 40))
        .toLowerCase()
        .trim();
      if (closed === raw) raw = "";
      handler.close(closed);
    },
    ontext: (start, end) => {
      if (start !== textEnd) flush();
      if (textStart < 0) textStart = start;
      textEnd = end;
    },
    ontextentity: (codepoint) => {
      flush();
      text(String.fromCodePoint(codepoint));
    },
    oncdata: () => undefined,
    oncomment: () => undefined,
    ondeclaration: () => undefined,
    onprocessinginstruction: () => undefined,
    onend: () => undefined,
  };
  const tokenizer = new Tokenizer({ xmlMode: false, decodeEntities: true }, callbacks);
  tokenizer.write(html);
  tokenizer.end();
  flush();
  return { unread };
}
