import { expect, test } from "vitest";
import { textToHtml } from "../../src/mail/text-to-html.ts";

test.each([
  ["", ""],
  ["one", "<p>one</p>\n"],
  ["one\ntwo\r\n\r\nthree\n\n\n", "<p>one<br>\ntwo</p>\n<p>three</p>\n"],
  ['<a href="x">&</a>', "<p>&lt;a href=&quot;x&quot;&gt;&amp;&lt;/a&gt;</p>\n"],
])("%j becomes %j", (text, html) => {
  expect(textToHtml(text)).toBe(html);
});
