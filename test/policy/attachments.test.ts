import { expect, it } from "vitest";
import { PROGRAMS, refusedAttachment } from "../../src/policy/attachments.ts";

const file = (filename: string, contentType = "application/octet-stream", size = 10) => [
  { filename, contentType, size },
];

it.each([
  [file("prices.csv", "text/csv")],
  [file("report.pdf", "application/pdf")],
  [file("example.js", "text/javascript")],
  [file("notes.com.txt", "text/plain")],
  [file("company", "application/octet-stream")],
  [[]],
])("an ordinary attachment passes: %j", (attachments) => {
  expect(refusedAttachment(attachments, { deny: PROGRAMS })).toBeUndefined();
});

it.each(["invoice.exe", "invoice.pdf.EXE", "invoice.exe.", "invoice.exe  ", "run.Ps1", "a.lnk", "image.iso"])(
  "a program is refused by its extension, however it is written: %s",
  (filename) => {
    expect(refusedAttachment(file(filename, "application/pdf"), { deny: PROGRAMS })).toContain("is not taken");
  },
);

it("only what is allowed passes, by type, kind of type or extension; what is denied does not, though it is allowed", () => {
  const rules = { allow: ["application/pdf", "image/*", ".csv"], deny: ["image/svg+xml"] };
  const passes = (filename: string, contentType: string) =>
    refusedAttachment(file(filename, contentType), rules) === undefined;
  expect(passes("a.pdf", "Application/PDF")).toBe(true);
  expect(passes("a.png", "image/png")).toBe(true);
  expect(passes("a.CSV", "text/plain")).toBe(true);
  expect(passes("a.svg", "image/svg+xml")).toBe(false);
  expect(passes("a.zip", "application/zip")).toBe(false);
  expect(passes("a.pdf", "application/pdfx")).toBe(false);
});

it("one that is too large is named, with its size", () => {
  const attachments = [...file("small.txt", "text/plain", 100), ...file("large.txt", "text/plain", 101)];
  expect(refusedAttachment(attachments, { maxBytes: 100 })).toBe(
    "An attachment may have 100 octets: large.txt has 101.",
  );
});
