import { describe, expect, it } from "vitest";
import { findPersonalData, luhn } from "../../../src/policy/outbound/personal-data.ts";

const LEAKS: readonly [rule: string, text: string][] = [
  ["card-number", "Card 4111 1111 1111 1111, 12/27"],
  ["card-number", "4242-4242-4242-4242"],
  ["card-number", "4111111111111111"],
  ["card-number", "5555555555554444,Ann,2027"],
  ["card-number", "MasterCard 2223 0031 2200 3222"],
  ["card-number", "Amex 3782 822463 10005"],
  ["card-number", "371449635398431"],
  ["card-number", "Diners 3056 930902 5904"],
  ["card-number", "6011 1111 1111 1117"],
  ["card-number", "JCB: 3530 1113 3330 0000"],
  ["card-number", "Kreditkarte 6200000000000005"],
  ["iban", "DE89 3704 0044 0532 0130 00"],
  ["iban", "Please pay to GB29NWBK60161331926819 today"],
  ["iban", "IBAN: FR14 2004 1010 0505 0001 3M02 606"],
  ["iban", "iban nl91 abna 0417 1643 00"],
  ["iban", "NO9386011117947 and thanks"],
  ["us-social-security-number", "SSN 536-22-1234"],
  ["uk-national-insurance-number", "NI number AB 12 34 56 C"],
  ["br-cpf", "CPF 529.982.247-25"],
  ["it-codice-fiscale", "RSSMRA85T10A562S"],
  ["fr-nir", "2 55 08 14 168 025 38"],
];

const HONEST: readonly string[] = [
  // Order, invoice and tracking numbers that satisfy Luhn and begin like a card.
  "Order 4111111111111111 has left the house.",
  "Bestellnummer: 5555555555554444",
  "Invoice no. 4242424242424242",
  "Tracking number 6011111111111117",
  "Your order #371449635398431",
  "ticket_id=4111111111111111",
  // One digit off.
  "4111 1111 1111 1112",
  "DE89 3704 0044 0532 0130 01",
  "GB29NWBK60161331926818",
  // Groups that no card has.
  "41 11 11 11 11 11 11 11",
  "411 111 111 111 111 1",
  // Other numbers of that length.
  "IMEI 490154203237518, serial 356938035643809",
  "ISBN 978-4-16-148410-0 and 9784873119038",
  "EAN 4006381333931",
  "+49 30 1234 5678 90",
  "+1 (415) 555-2671, 0049 170 1234567",
  "550e8400-e29b-41d4-a716-446655440000",
  "3f786850e387550fdab836ed7e6dc881de23001b",
  "at 1714567890123, then 1714567890123456789",
  "USPS 9400 1118 9922 3397 5678 91",
  "DHL 00340434161094042557",
  "UPS 1Z999AA10123456784",
  "https://shop.example/orders/4111111111111111",
  "0000 0000 0000 0000",
  "1.234.567,89 EUR, 4.111.111.111.111.111",
  "2024-05-01 12:00:00, 2024-05-02 13:00:00",
  "Rows: 4111, 1111, 1111, 1111",
  // No numbers of persons.
  "Part 000-12-3456, 666-12-3456, 912-34-5678",
  "Extension 536-22-12345",
  "Ticket no. 536-22-1234",
  "the 078-05-1120 of the wallet",
  "AB123456C is a locker",
  "111.111.111-11",
  "IP 192.168.100.10-12",
  "DE is a country, and so is GB 20",
  "Meeting room AT 61 is free",
];

describe("personal data", () => {
  it.each(LEAKS)("%s: %s", (rule, text) => {
    const found = findPersonalData(`Dear Dana,\n${text}\nRegards`);
    expect(found.map((match) => match.rule)).toEqual([rule]);
    expect(found[0]!.excerpt).toMatch(/^(?:[a-z]+ |[A-Z]{2} )?…\w{4}$/);
  });

  it.each(HONEST)("none in: %s", (text) => {
    expect(findPersonalData(text)).toEqual([]);
  });

  it("of numbers drawn at random that nothing is said of, it takes three in a hundred for a card at most", () => {
    let state = 7;
    const next = () => (state = (state * 48_271) % 2_147_483_647);
    let taken = 0;
    for (let at = 0; at < 10_000; at++) {
      const digits = Array.from({ length: 16 }, () => next() % 10).join("");
      taken += findPersonalData(`See ${digits} there`).length;
    }
    expect(taken).toBeLessThan(300);
  });

  it("knows the check digit of ISO/IEC 7812", () => {
    expect(luhn("79927398713")).toBe(true);
    expect(luhn("79927398710")).toBe(false);
  });

  it.each([
    ["digits", "1".repeat(1_000_000)],
    ["groups", "4111 ".repeat(200_000)],
    ["letters and digits", "DE89".repeat(250_000)],
    ["blanks", " ".repeat(1_000_000)],
  ])("takes a MiB of %s in its stride", (_, text) => {
    const before = performance.now();
    findPersonalData(text);
    expect(performance.now() - before).toBeLessThan(2_000);
  });
});
