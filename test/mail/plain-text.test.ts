import { expect, test } from "vitest";
import { searchableText } from "../../src/mail/plain-text.ts";

test("the text is taken where there is one", () => {
  expect(searchableText({ text: "a <b>", html: "<p>c</p>" })).toBe("a <b>");
});

test.each([
  ["<p>one</p><p>two<br>three</p>", "\none\n\ntwo\nthree\n"],
  ["<span>one</span><b>two</b>", "onetwo"],
  ["<style>p { x: y }</style>a<script>b</script>c", "ac"],
  ["&lt;a&amp;b&gt; &#101;&#x66;&nbsp;&copy; &AMP;", "<a&b> ef\u00a0".replace("\u00a0", " ") + "&copy; &"],
  ["a < b <never closed", "a "],
  ["", ""],
])("%j says %j", (html, text) => {
  expect(searchableText({ html })).toBe(text);
});
