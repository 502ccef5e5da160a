import { expect, test } from "vitest";
import { parseParameterized } from "../../src/mail/mime-parameters.ts";

test.each<[string, string, Record<string, string>]>([
  ["", "", {}],
  ["TEXT/Plain", "text/plain", {}],
  ["text/plain; Charset=UTF-8", "text/plain", { charset: "UTF-8" }],
  ['text/plain; charset="utf-8" ; format=flowed;', "text/plain", { charset: "utf-8", format: "flowed" }],
  ['multipart/mixed; boundary="a;b=\\"c\\""', "multipart/mixed", { boundary: 'a;b="c"' }],
  ["multipart/mixed; boundary=b (a comment)", "multipart/mixed", { boundary: "b" }],
  ["text/plain (a (nested) one); (another) charset=utf-8", "text/plain", { charset: "utf-8" }],
  ["attachment; filename=a.txt; filename=b.txt", "attachment", { filename: "a.txt" }],
  ["attachment; filename*=utf-8''Gr%C3%B6%C3%9Fe.pdf", "attachment", { filename: "Größe.pdf" }],
  ["attachment; filename*=iso-8859-1'de'Gr%F6%DFe.pdf", "attachment", { filename: "Größe.pdf" }],
  ["attachment; filename=plain.pdf; filename*=utf-8''Gr%C3%B6%C3%9Fe.pdf", "attachment", { filename: "Größe.pdf" }],
  ["attachment; filename*1=b.pdf; filename*0=a", "attachment", { filename: "ab.pdf" }],
  [
    "attachment; filename*0*=utf-8''Gr%C3; filename*1*=%B6%C3%9F; filename*2=e%.pdf",
    "attachment",
    { filename: "Größe%.pdf" },
  ],
  ['attachment; filename="=?utf-8?Q?Gr=C3=B6=C3=9Fe.pdf?="', "attachment", { filename: "Größe.pdf" }],
  ["attachment; filename=Gr\xc3\xb6\xc3\x9fe.pdf", "attachment", { filename: "Größe.pdf" }],
  ["attachment; =x; y; filename=", "attachment", { filename: "" }],
  ['attachment; filename="never closed', "attachment", { filename: "never closed" }],
])("%j", (field, value, parameters) => {
  const read = parseParameterized(field);
  expect(read.value).toBe(value);
  expect(Object.fromEntries(read.parameters)).toEqual(parameters);
});
