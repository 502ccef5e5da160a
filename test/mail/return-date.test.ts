import { expect, test } from "vitest";
import { readReturnDate } from "../../src/mail/return-date.ts";

const sent = "2026-03-02T10:00:00.000Z";

test.each([
  ["I am away until 2026-03-16.", "2026-03-16"],
  ["I will be back on 16 March 2026", "2026-03-16"],
  ["I'm back on Monday, 16th of March", "2026-03-16"],
  ["Returning March 16, 2026", "2026-03-16"],
  ["returning Mar 16th", "2026-03-16"],
  ["out until January 5", "2027-01-05"],
  ["from 3 March to 13 March; back on 16 March", "2026-03-16"],
  ["Ich bin bis zum 16.03.2026 abwesend", "2026-03-16"],
  ["Ich bin bis 16.3. nicht da", "2026-03-16"],
  ["Ab dem 16. März bin ich zurück", "2026-03-16"],
  ["absent jusqu'au 16 mars 2026", "2026-03-16"],
  ["de retour le 16 août", "2026-08-16"],
  ["hasta el 16 de marzo de 2026", "2026-03-16"],
  ["until 03/04/2026", undefined],
  ["until 31 February 2026", undefined],
  ["until 16 March 2025", undefined],
  ["until 16 March 2031", undefined],
  ["The price was fixed on 16 March 2026", undefined],
  ["until soon", undefined],
  ["", undefined],
])("%j: %s", (text, day) => {
  expect(readReturnDate(text, sent)).toBe(day);
});

test("without the mail's own date only a whole date is read", () => {
  expect(readReturnDate("until 16 March", undefined)).toBeUndefined();
  expect(readReturnDate("until 16 March 2026", undefined)).toBe("2026-03-16");
});
