import { expect, it } from "vitest";
import { createScrubber } from "../../src/transport/scrub.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");

it.each([
  ["plain", (secret: string) => secret],
  ["percent-encoded", encodeURIComponent],
  ["in base64", base64],
  ["in the form of RFC 4616", (secret: string) => base64(`\0desk\0${secret}`)],
  ["in the form of XOAUTH2", (secret: string) => base64(`user=desk\u0001auth=Bearer ${secret}\u0001\u0001`)],
])("masks a secret %s", (_form, write) => {
  const { scrub } = createScrubber("desk", "p+w/[$&] ünd");
  expect(scrub(`535 no: ${write("p+w/[$&] ünd")}, twice: ${write("p+w/[$&] ünd")}.`)).toBe(
    "535 no: [secret], twice: [secret].",
  );
});

it("masks what is added later, and the longer of two secrets first", () => {
  const scrubber = createScrubber("desk", "password");
  scrubber.add("password-2");
  expect(scrubber.scrub("password-2 password")).toBe("[secret] [secret]");
});

it("masks a short secret where it stands alone only", () => {
  const { scrub } = createScrubber("desk", "dev");
  expect(scrub("the device says 'dev'")).toBe("the device says '[secret]'");
});

it("leaves all as it is where there is no secret", () => {
  expect(createScrubber("desk").scrub("250 ok")).toBe("250 ok");
  expect(createScrubber("desk", "").scrub("250 ok")).toBe("250 ok");
});
