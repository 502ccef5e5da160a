import { asciiDigits } from "../history/line.ts";
import type { ReadValue } from "./values.ts";

const CURRENCY =
  /[$€£¥₹₽₺₩₴₫฿₪]|(?<![\p{L}])(?:USD|EUR|GBP|CHF|JPY|CNY|RMB|INR|RUB|TRY|PLN|CZK|SEK|NOK|DKK|HUF|RON|BRL|CAD|AUD|NZD|MXN|ZAR|KRW|UAH|Euros?|Dollars?|Pounds?|kr|zł|Kč|Ft|lei|руб|TL|Rs)\.?(?![\p{L}])/giu;
const UNIT =
  /\s*(?:%|pcs\.?|pieces?|units?|items?|St\.?|Stück|Stk\.?|pièces?|unidades?|pezzi|stuks|st|szt\.?|ks|шт\.?|個|个|개|days?|Tage?|jours?|días?|giorni|hours?|Stunden?|weeks?|kg|km|m|h)$/iu;

/** Reads one number as people write it; where a separator can mean two things, it says so. */
export function readNumber(raw: string, integer: boolean): ReadValue {
  const text = asciiDigits(raw)
    .replace(CURRENCY, " ")
    .replace(/[\u00A0\u202F\u2009]/g, " ")
    .trim()
    .replace(/[.;,]$/, "")
    .replace(/,[-–—]{1,2}$/, "")
    .replace(UNIT, "")
    .trim();
  const match = /^(?:(?:approx\.?|ca\.?|about|~|circa)\s*)?([+\-−]?)\s?(\d[\d.,'’ ]*)$/i.exec(text);
  if (match === null) return { kind: "none" };
  if (/^(?:approx|ca|about|~|circa)/i.test(text)) return { kind: "ambiguous", why: `"${raw}" is not exact` };
  const sign = match[1] === "-" || match[1] === "−" ? -1 : 1;
  const digits = (match[2] ?? "").trim();
  const value = valueOf(digits, integer);
  if (value === undefined) return { kind: "none" };
  if (value === "ambiguous") return { kind: "ambiguous", why: `"${raw}" can be read in more than one way` };
  return { kind: "value", value: value * sign };
}

function valueOf(digits: string, integer: boolean): number | "ambiguous" | undefined {
  if (/^\d+$/.test(digits)) return digits.length > 15 ? undefined : Number(digits);
  const grouped = /^\d{1,3}(?:[ '’]\d{3})+(?:[.,](\d+))?$/.exec(digits);
  if (grouped !== null) return Number(digits.replace(/[ '’]/g, "").replace(",", "."));
  if (/[ '’]/.test(digits)) return undefined;
  const dots = digits.split(".").length - 1;
  const commas = digits.split(",").length - 1;
  if (dots > 0 && commas > 0) return mixed(digits, dots, commas);
  const separator = dots > 0 ? "." : ",";
  const count = dots + commas;
  if (count > 1) return isGrouped(digits, separator) ? Number(digits.replaceAll(separator, "")) : undefined;
  const [whole = "", fraction = ""] = digits.split(separator);
  if (fraction === "") return undefined;
  if (fraction.length !== 3 || whole.length > 3 || whole.startsWith("0")) return Number(`${whole}.${fraction}`);
  // 1,250 and 1.250: a thousand to one half of the world, one and a quarter to the other
  return integer ? Number(whole + fraction) : "ambiguous";
}

/** The last separator is the decimal one, the other groups by three. */
function mixed(digits: string, dots: number, commas: number): number | undefined {
  const decimal = digits.lastIndexOf(".") > digits.lastIndexOf(",") ? "." : ",";
  if ((decimal === "." ? dots : commas) > 1) return undefined;
  const [whole = "", fraction = ""] = digits.split(decimal);
  const group = decimal === "." ? "," : ".";
  return isGrouped(whole, group) && fraction !== "" ? Number(`${whole.replaceAll(group, "")}.${fraction}`) : undefined;
}

function isGrouped(digits: string, separator: string): boolean {
  const [first = "", ...rest] = digits.split(separator);
  return first.length >= 1 && first.length <= 3 && rest.every((part) => part.length === 3);
}
