import { EmailKitError } from "../errors.ts";

/** A length of time: milliseconds, "90 s", "4h", "2 days", "1 week", or ISO 8601 such as "P2DT4H". Days have 24 hours. */
export type Duration = number | string;

const UNIT_MS: Record<string, number> = {
  ms: 1,
  s: 1000,
  sec: 1000,
  second: 1000,
  m: 60_000,
  min: 60_000,
  minute: 60_000,
  h: 3_600_000,
  hour: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
  w: 604_800_000,
  week: 604_800_000,
};

const ISO_8601 = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;

/** @throws EmailKitError `INVALID_CONFIG` when it is not a positive length of time. */
export function durationMs(duration: Duration): number {
  const ms = typeof duration === "number" ? duration : parse(duration.trim());
  if (!Number.isFinite(ms) || ms <= 0) {
    throw new EmailKitError(
      "INVALID_CONFIG",
      `${JSON.stringify(duration)} is no length of time. Write milliseconds, "30 s", "4h", "2 days", or ISO 8601 such as "P2D".`,
    );
  }
  return ms;
}

function parse(text: string): number {
  const plain = /^(\d+(?:\.\d+)?) ?([a-z]+)$/i.exec(text);
  if (plain) {
    const word = plain[2]!.toLowerCase();
    const unit = UNIT_MS[word] ?? UNIT_MS[word.replace(/s$/, "")];
    return unit === undefined ? Number.NaN : Number(plain[1]) * unit;
  }
  const iso = ISO_8601.exec(text);
  if (!iso || text.endsWith("T") || text === "P") return Number.NaN;
  const [weeks, days, hours, minutes, seconds] = iso.slice(1).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
  ];
  return weeks * 604_800_000 + days * 86_400_000 + hours * 3_600_000 + minutes * 60_000 + seconds * 1000;
}
