import { isInside, labelBefore, type Match, maskNumber, urlSpans } from "./text.ts";

/** What a number is called that is no card and no person's. */
const OTHER_NUMBER =
  /(?:order|invoice|ref(?:erence)?|tracking|shipment|parcel|consignment|waybill|booking|ticket|case|serial|part|item|sku|article|batch|lot|imei|isbn|issn|ean|gtin|upc|iccid|customer|client|contract|policy|po|p\.o\.|phone|tel|fax|mobile|version|build|commit|sha|hash|uuid|guid|id|bestellung|bestell|rechnung|auftrag|kunden|sendung|artikel|vorgang|telefon|commande|facture|pedido|factura|ordine|fattura)(?:s|en)?(?:[-_ ]?(?:no|nr|num|number|nummer|id|code|num[eé]ro))?[.#:=\s()"']{0,6}(?:is|ist|n°|nº|no\.?|nr\.?|#)?[:#\s]{0,3}$/i;

/** Personal data in a text, each by its own check digits. In the order of the text. */
export function findPersonalData(text: string): Match[] {
  const urls = urlSpans(text);
  const found = [...cards(text), ...ibans(text), ...RULES.flatMap((rule) => numbersOf(rule, text))];
  return found
    .filter(({ start }) => !isInside(urls, start) && !OTHER_NUMBER.test(labelBefore(text, start)))
    .toSorted((a, b) => a.start - b.start);
}

/** ISO/IEC 7812: ranges as their issuers publish them, with the lengths in use. */
function issuerOf(digits: string): { name: string; groups: RegExp } | undefined {
  const six = Number(digits.slice(0, 6));
  const within = (from: number, to: number) => six >= from && six <= to;
  const length = digits.length;
  const fours = /^\d{4}([ -])\d{4}\1\d{4}\1\d{4}(?:\1\d{3})?$/;
  if (digits.startsWith("4") && (length === 16 || length === 19)) return { name: "visa", groups: fours };
  if ((within(510000, 559999) || within(222100, 272099)) && length === 16) return { name: "mastercard", groups: fours };
  if (/^3[47]/.test(digits) && length === 15) return { name: "amex", groups: /^\d{4}([ -])\d{6}\1\d{5}$/ };
  if (/^3(?:0[0-5]|095|[689])/.test(digits) && length === 14)
    return { name: "diners", groups: /^\d{4}([ -])\d{6}\1\d{4}$/ };
  const discover = within(601100, 601199) || within(644000, 659999);
  if (discover && length === 16) return { name: "discover", groups: fours };
  if (within(352800, 358999) && length === 16) return { name: "jcb", groups: fours };
  if (digits.startsWith("62") && length >= 16) return { name: "unionpay", groups: fours };
  if (within(220000, 220499) && length === 16) return { name: "mir", groups: fours };
  return undefined;
}

/** A number in the groups in which its issuer prints it; or without groups, where nothing says that it is another number. */
function cards(text: string): Match[] {
  const form = /(?<![\p{L}\p{N}._/+#-]|\p{N}[ ,])\d(?:[ -]?\d){13,18}(?![\p{L}\p{N}_/]|[ -.]\d)/gu;
  return Array.from(text.matchAll(form)).flatMap(({ index, 0: value }) => {
    const digits = value.replace(/\D/g, "");
    const issuer = issuerOf(digits);
    if (!issuer || !luhn(digits) || /^(\d)\1+$/.test(digits)) return [];
    const grouped = value !== digits;
    if (grouped && !issuer.groups.test(value)) return [];
    // Long runs of digits are as often something else.
    if (!grouped && digits.length > 16 && !CARD_WORDS.test(labelBefore(text, index))) return [];
    if (!grouped && digits.length < 15 && !CARD_WORDS.test(labelBefore(text, index))) return [];
    return [
      { rule: "card-number", start: index, end: index + value.length, excerpt: `${issuer.name} ${maskNumber(value)}` },
    ];
  });
}

const CARD_WORDS = /card|karte|carte|tarjeta|carta|cartão|kaart|kort|visa|mastercard|amex|diners|unionpay|pan\b/i;

/** ISO/IEC 7812-1 annex B. */
export function luhn(digits: string): boolean {
  let sum = 0;
  for (let place = 0; place < digits.length; place++) {
    const digit = Number(digits[digits.length - 1 - place]);
    const doubled = place % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/** The IBAN registry of ISO 13616: length by country. */
const IBAN_LENGTHS: Readonly<Record<string, number>> = Object.fromEntries(
  (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 " +
    "IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 " +
    "SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30"
  )
    .split(" ")
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

function ibans(text: string): Match[] {
  const form = /(?<![\p{L}\p{N}])([A-Z]{2})\d{2}(?:[ -]?[A-Z0-9]{1,4}){2,9}(?![\p{L}\p{N}])/giu;
  return Array.from(text.matchAll(form)).flatMap(({ index, 0: value, 1: country = "" }) => {
    const length = IBAN_LENGTHS[country.toUpperCase()];
    if (length === undefined) return [];
    // Words may follow that look like one more group.
    const end = endOf(value, length);
    const iban = value.slice(0, end).replace(/[ -]/g, "").toUpperCase();
    if (iban.length !== length || /[\p{L}\p{N}]/u.test(value[end] ?? "") || !mod97(iban)) return [];
    return [{ rule: "iban", start: index, end: index + end, excerpt: `${country.toUpperCase()} ${maskNumber(iban)}` }];
  });
}

function endOf(value: string, characters: number): number {
  let seen = 0;
  for (let at = 0; at < value.length; at++) {
    if (!/[ -]/.test(value[at]!) && ++seen === characters) return at + 1;
  }
  return value.length;
}

/** ISO 7064, MOD 97-10. */
function mod97(iban: string): boolean {
  const moved = iban.slice(4) + iban.slice(0, 4);
  let rest = 0;
  for (const character of moved) rest = Number(`${rest}${Number.parseInt(character, 36)}`) % 97;
  return rest === 1;
}

interface NumberRule {
  rule: string;
  form: RegExp;
  valid: (value: string) => boolean;
}

/** Numbers of persons that carry a check, or rules that few other numbers meet. */
const RULES: readonly NumberRule[] = [
  {
    rule: "us-social-security-number",
    form: /(?<![\p{L}\p{N}.+#-])\d{3}-\d{2}-\d{4}(?![\p{L}\p{N}]|-\d)/gu,
    // SSA, RM 10201.030: never given out; and two that were printed in advertisements.
    valid: (value) => {
      const [area = "", group, serial] = value.split("-");
      if (area === "000" || area === "666" || area >= "900" || group === "00" || serial === "0000") return false;
      return value !== "078-05-1120" && value !== "219-09-9999";
    },
  },
  {
    rule: "uk-national-insurance-number",
    form: /(?<![\p{L}\p{N}])[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D](?![\p{L}\p{N}])/gu,
    // HMRC, NIM39110. Without blanks it may be any code.
    valid: (value) => !/^(?:BG|GB|KN|NK|NT|TN|ZZ)/.test(value) && (value.match(/ /g)?.length ?? 0) >= 3,
  },
  {
    rule: "br-cpf",
    form: /(?<![\p{L}\p{N}.-])\d{3}\.\d{3}\.\d{3}-\d{2}(?![\p{L}\p{N}])/gu,
    valid: (value) => {
      const digits = Array.from(value.replace(/\D/g, ""), Number);
      const check = (count: number) => {
        const sum = digits.slice(0, count).reduce((total, digit, place) => total + digit * (count + 1 - place), 0);
        return ((sum * 10) % 11) % 10;
      };
      return new Set(digits).size > 1 && check(9) === digits[9] && check(10) === digits[10];
    },
  },
  {
    rule: "it-codice-fiscale",
    form: /(?<![\p{L}\p{N}])[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z](?![\p{L}\p{N}])/giu,
    valid: (value) => {
      // Decree of 23 December 1976, article 8: characters in odd places count by this table.
      const odd = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
      const worth = (character: string) => (/\d/.test(character) ? Number(character) : character.charCodeAt(0) - 65);
      const sum = Array.from(value.toUpperCase().slice(0, 15)).reduce(
        (total, character, place) => total + (place % 2 === 0 ? odd[worth(character)]! : worth(character)),
        0,
      );
      return String.fromCharCode(65 + (sum % 26)) === value.toUpperCase()[15];
    },
  },
  {
    rule: "fr-nir",
    form: /(?<![\p{L}\p{N}.-])[12] ?\d{2} ?(?:0[1-9]|1[0-2]) ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}(?![\p{L}\p{N}])/gu,
    // INSEE: 97 less the rest of the first thirteen digits; Corsica's 2A and 2B count as 19 and 18.
    valid: (value) => {
      const plain = value.replace(/ /g, "").replace("2A", "19").replace("2B", "18");
      return BigInt(plain.slice(13)) === 97n - (BigInt(plain.slice(0, 13)) % 97n) && value.includes(" ");
    },
  },
];

function numbersOf({ rule, form, valid }: NumberRule, text: string): Match[] {
  return Array.from(text.matchAll(form))
    .filter(([value]) => valid(value))
    .map(({ index, 0: value }) => ({ rule, start: index, end: index + value.length, excerpt: maskNumber(value) }));
}
