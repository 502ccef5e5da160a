/** The declarations of a style attribute or of one rule; names and values in lower case. */
export type Declarations = ReadonlyMap<string, string>;

const NONE: Declarations = new Map();
const LONGEST = 4000;

export function declarationsOf(style: string | undefined): Declarations {
  if (style === undefined || style === "") return NONE;
  const map = new Map<string, string>();
  for (const declaration of style.slice(0, LONGEST).toLowerCase().split(";")) {
    const colon = declaration.indexOf(":");
    if (colon > 0)
      map.set(
        declaration.slice(0, colon).trim(),
        declaration
          .slice(colon + 1)
          .replace("!important", "")
          .trim(),
      );
  }
  return map;
}

/** Whether these declarations alone keep an element from being seen. */
export function hides(css: Declarations): boolean {
  if (css.size === 0) return false;
  if (css.get("display") === "none" || css.get("mso-hide") === "all") return true;
  const visibility = css.get("visibility");
  if (visibility === "hidden" || visibility === "collapse") return true;
  if (number(css.get("opacity")) <= 0.05) return true;
  if (isTiny(css.get("font-size"))) return true;
  const clipped = css.get("overflow") === "hidden" || css.get("overflow-y") === "hidden";
  if (
    clipped &&
    (isZero(css.get("max-height")) ||
      isZero(css.get("height")) ||
      isZero(css.get("max-width")) ||
      isZero(css.get("width")))
  )
    return true;
  if (isZero(css.get("max-height")) && (isZero(css.get("line-height")) || isZero(css.get("height")))) return true;
  if (length(css.get("text-indent")) < -500) return true;
  const position = css.get("position");
  if (position === "absolute" || position === "fixed" || position === "relative") {
    if (["left", "top", "right", "bottom"].some((side) => length(css.get(side)) < -500)) return true;
    if (/rect\(0(?:px)?[ ,]+0/.test(css.get("clip") ?? "")) return true;
  }
  if (length(css.get("margin-left")) < -2000 || length(css.get("margin-top")) < -2000) return true;
  return /scale\(0(?:\.0+)?\)|inset\((?:50|100)%/.test(`${css.get("transform") ?? ""} ${css.get("clip-path") ?? ""}`);
}

/** The font size in CSS is nothing or at most one pixel. */
export function isTiny(size: string | undefined): boolean {
  if (size === undefined) return false;
  const value = Number.parseFloat(size);
  if (Number.isNaN(value)) return false;
  if (/%|em$/.test(size)) return value <= (size.endsWith("%") ? 5 : 0.05);
  return value <= 1;
}

function number(value: string | undefined): number {
  const n = value === undefined ? Number.NaN : Number.parseFloat(value);
  return Number.isNaN(n) ? 1 : n;
}

function length(value: string | undefined): number {
  const n = value === undefined ? 0 : Number.parseFloat(value);
  if (Number.isNaN(n)) return 0;
  return /r?em$/.test(value ?? "") ? n * 16 : n;
}

function isZero(value: string | undefined): boolean {
  return value !== undefined && /^0(?:\.0+)?(?:px|pt|em|%|in)?$/.test(value);
}

/** The names of classes (`.name`) and ids (`#name`) that a style sheet hides outside of media queries. */
export function hiddenSelectors(css: string): Set<string> {
  const hidden = new Set<string>();
  const text = css.slice(0, 200_000);
  let depth = 0;
  let start = 0;
  let media = 0;
  for (let i = 0; i < text.length; i += 1) {
    const c = text.charCodeAt(i);
    if (c === 0x7b) {
      const selector = text.slice(start, i).trim();
      if (selector.startsWith("@")) media += 1;
      else if (media === 0) {
        const end = text.indexOf("}", i);
        if (end < 0) break;
        if (hides(declarationsOf(text.slice(i + 1, end)))) addSimple(hidden, selector);
        i = end;
        start = i + 1;
        continue;
      }
      depth += 1;
      start = i + 1;
    } else if (c === 0x7d) {
      depth -= 1;
      if (depth < media) media = Math.max(0, depth);
      start = i + 1;
    }
  }
  return hidden;
}

function addSimple(hidden: Set<string>, selectors: string): void {
  for (const selector of selectors.slice(0, LONGEST).split(",")) {
    const simple = /^\s*(?:[a-z]+)?([.#][\w-]+)\s*$/i.exec(selector)?.[1];
    if (simple !== undefined) hidden.add(simple.toLowerCase());
  }
}
