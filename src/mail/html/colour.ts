/** Named colours that mails use for text and ground. */
const NAMED: Readonly<Record<string, number>> = {
  white: 0xffffff,
  black: 0x000000,
  snow: 0xfffafa,
  ivory: 0xfffff0,
  ghostwhite: 0xf8f8ff,
  whitesmoke: 0xf5f5f5,
  floralwhite: 0xfffaf0,
  red: 0xff0000,
  green: 0x008000,
  blue: 0x0000ff,
  gray: 0x808080,
  grey: 0x808080,
  silver: 0xc0c0c0,
  yellow: 0xffff00,
  navy: 0x000080,
  maroon: 0x800000,
  purple: 0x800080,
  teal: 0x008080,
  orange: 0xffa500,
  lightgray: 0xd3d3d3,
  lightgrey: 0xd3d3d3,
  darkgray: 0xa9a9a9,
  darkgrey: 0xa9a9a9,
  gainsboro: 0xdcdcdc,
};

/** A colour as 0xRRGGBB; "transparent" where nothing is painted; undefined where it cannot be told. */
export type Colour = number | "transparent" | undefined;

export function colourOf(value: string | undefined): Colour {
  if (value === undefined) return undefined;
  const text = value.trim().toLowerCase();
  if (text === "transparent") return "transparent";
  const named = Object.hasOwn(NAMED, text) ? NAMED[text] : undefined;
  if (named !== undefined) return named;
  const hex = /^#?([\da-f]{3,8})$/.exec(text)?.[1];
  if (hex !== undefined) {
    if (hex.length === 3 || hex.length === 4) return Number.parseInt(hex.slice(0, 3).replace(/./g, "$&$&"), 16);
    return hex.length >= 6 ? Number.parseInt(hex.slice(0, 6), 16) : undefined;
  }
  const rgb = /^rgba?\(\s*(\d{1,3})\s*[, ]\s*(\d{1,3})\s*[, ]\s*(\d{1,3})\s*(?:[,/]\s*([\d.]+%?)\s*)?\)$/.exec(text);
  if (rgb === null) return undefined;
  if (rgb[4] !== undefined && Number.parseFloat(rgb[4]) <= 0.05) return "transparent";
  return (Math.min(255, Number(rgb[1])) << 16) | (Math.min(255, Number(rgb[2])) << 8) | Math.min(255, Number(rgb[3]));
}

/** Whether text of one colour cannot be read on the other. */
export function indistinguishable(text: number, ground: number): boolean {
  const difference = (shift: number): number => Math.abs(((text >> shift) & 255) - ((ground >> shift) & 255));
  return difference(16) + difference(8) + difference(0) <= 12;
}

/** The ground that a `background` shorthand paints: a colour, or unknown where there is an image. */
export function groundOf(value: string | undefined): Colour | "unknown" {
  if (value === undefined) return undefined;
  if (value.includes("url(") || value.includes("gradient")) return "unknown";
  if (value === "none" || value === "inherit" || value === "initial") return undefined;
  const whole = colourOf(value);
  if (whole !== undefined) return whole;
  for (const word of value.split(/\s+/)) {
    const colour = colourOf(word);
    if (colour !== undefined) return colour;
  }
  return "unknown";
}
