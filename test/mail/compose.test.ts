import { expect, test } from "vitest";
import { composeMail, type ComposeInput } from "../../src/mail/compose.ts";
import { parseMail } from "../../src/mail/parse.ts";

const input: ComposeInput = {
  messageId: "<t7@a.example>",
  date: new Date("2026-03-02T10:00:00Z"),
  from: "Desk <desk@a.example>",
  to: ["ann@b.example"],
  subject: "Prices",
  text: "Please send the prices.\n",
};
const compose = async (changes: Partial<ComposeInput> = {}) =>
  Buffer.from(await composeMail({ ...input, ...changes })).toString("latin1");

async function roundTrip(changes: Partial<ComposeInput>) {
  const stored: Uint8Array[] = [];
  const result = await parseMail(await composeMail({ ...input, ...changes }), {
    putAttachment: (content) => Promise.resolve(String(stored.push(content))),
  });
  if (result.kind !== "parsed") throw new Error(result.reason);
  return { message: result.message, stored };
}

test("the same input gives the same bytes, and another mail other boundaries", async () => {
  expect(await compose()).toBe(await compose());
  const boundary = (mail: string) => /boundary="([^"]+)"/.exec(mail)?.[1];
  expect(boundary(await compose())).not.toBe(boundary(await compose({ text: "Something else." })));
});

test("a small mail, octet by octet", async () => {
  await expect(
    await compose({ headers: { "X-LangGraph-Email": "task" }, autoSubmitted: "auto-generated" }),
  ).toMatchFileSnapshot("../fixtures/mail/composed.eml");
});

test("lines end in CRLF and have at most 998 octets, whatever the text has", async () => {
  const mail = await compose({
    text: `one\ntwo\r\nthree\rfour ${"x".repeat(3000)}`,
    subject: "Prices ".repeat(300),
    to: Array.from({ length: 60 }, (_, n) => `Person ${n} <p${n}@b.example>`),
  });
  expect(mail.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
  expect(Math.max(...mail.split("\r\n").map((line) => line.length))).toBeLessThanOrEqual(998);
});

test.each<[string, Partial<ComposeInput>, object]>([
  [
    "names",
    {
      from: { address: "j@a.example", name: 'Jürgen "J" Groß' },
      to: ['"Ann, B." <x@y.example>'],
      cc: [{ address: "c@C.example", name: "日本" }],
    },
    {
      from: { address: "j@a.example", name: 'Jürgen "J" Groß' },
      to: [{ address: "x@y.example", name: "Ann, B." }],
      cc: [{ address: "c@c.example", name: "日本" }],
    },
  ],
  [
    "a long subject of many scripts",
    { subject: `Größe 日本語 🙂 ${"ä".repeat(200)}` },
    { subject: `Größe 日本語 🙂 ${"ä".repeat(200)}` },
  ],
  [
    "ids",
    { inReplyTo: "<q@b>", references: ["<s@a>", "<q@b>"] },
    { messageId: "<t7@a.example>", inReplyTo: ["<q@b>"], references: ["<s@a>", "<q@b>"] },
  ],
  ["a date", {}, { date: "2026-03-02T10:00:00.000Z" }],
  ["Reply-To", { replyTo: "desk+t7@a.example" }, { replyTo: [{ address: "desk+t7@a.example" }] }],
  [
    "a text",
    { text: "Grüße\n\n> quoted\n.\n..dots\n-- \nDesk\n" },
    { text: "Grüße\n\n> quoted\n.\n..dots\n-- \nDesk\n" },
  ],
  ["HTML of one's own", { html: "<p>Hé</p>" }, { html: "<p>Hé</p>" }],
])("%s come back as they were", async (_, changes, expected) => {
  expect((await roundTrip(changes)).message).toMatchObject(expected);
});

test("the HTML that is made from the text shows it, and nothing in it is a tag", async () => {
  const { message } = await roundTrip({ text: 'a < b & "c"\n<script>x</script>\n\n\nsecond' });
  expect(message.html).toBe("<p>a &lt; b &amp; &quot;c&quot;<br>\n&lt;script&gt;x&lt;/script&gt;</p>\n<p>second</p>\n");
});

test.each([
  ["prices.csv", "text/csv", "a,b\nc,d\n"],
  ["Größe 日本.pdf", "application/pdf", new Uint8Array([0, 255, 13, 10, 13, 0, 46])],
  ['q"uo\\te;s.txt', "text/plain; charset=utf-8", "äö"],
  ["empty.bin", "application/octet-stream", ""],
])("the attachment %s of type %s comes back octet by octet", async (filename, contentType, content) => {
  const { message, stored } = await roundTrip({ attachments: [{ filename, contentType, content }] });
  expect(message.attachments).toMatchObject([
    { contentType: contentType.split(";")[0], size: Buffer.byteLength(content) },
  ]);
  expect(message.attachments[0]?.filename).toBe(filename.split("\\").at(-1));
  expect(Buffer.from(stored[0] ?? [])).toEqual(Buffer.from(content));
  expect(message.text).toBe(input.text);
});

test("an attached mail travels as plain octets, so that nobody takes it for part of this one", async () => {
  const { message } = await roundTrip({
    attachments: [{ filename: "a.eml", contentType: "message/rfc822", content: "From: x@y.example\n\nHi" }],
  });
  expect(message.attachments).toMatchObject([{ contentType: "application/octet-stream", filename: "a.eml" }]);
});

test.each([
  ["auto-generated", "but to say that one is away", "DR, RN, NRN, AutoReply"],
  ["auto-replied", "at all", "All"],
] as const)("%s mail says so, and asks for no automatic answer %s", async (autoSubmitted, _, suppressed) => {
  const fields = (await compose({ autoSubmitted })).split("\r\n");
  expect(fields).toContain(`Auto-Submitted: ${autoSubmitted}`);
  expect(fields).toContain(`X-Auto-Response-Suppress: ${suppressed}`);
});

test("without autoSubmitted neither field is there", async () => {
  expect(await compose()).not.toMatch(/auto-/i);
});

const injections = ["\r\nBcc: x@evil.example", "\nX: y", "\rX: y", "a\0b", "a\u0007b", "a\u2028b", "a\u0085b"];
const places: [field: string, put: (bad: string) => Partial<ComposeInput>][] = [
  ["subject", (bad) => ({ subject: `Prices${bad}` })],
  ["messageId", (bad) => ({ messageId: `<t7${bad}@a.example>` })],
  ["inReplyTo", (bad) => ({ inReplyTo: `<t7@a.example>${bad}` })],
  ["references[1]", (bad) => ({ references: ["<a@b>", `<t7${bad}@a.example>`] })],
  ['headers["X-Note"]', (bad) => ({ headers: { "X-Note": `a${bad}` } })],
  ["headers[", (bad) => ({ headers: { [`X-Note${bad}`]: "a" } })],
  [
    "attachments[0].filename",
    (bad) => ({ attachments: [{ filename: `a${bad}`, contentType: "text/plain", content: "" }] }),
  ],
  [
    "attachments[0].contentType",
    (bad) => ({ attachments: [{ filename: "a", contentType: `text/plain${bad}`, content: "" }] }),
  ],
];
test.each(places.flatMap(([field, put]) => injections.map((bad) => [field, bad, put] as const)))(
  "%s with %j is refused by name",
  async (field, bad, put) => {
    await expect(composeMail({ ...input, ...put(bad) })).rejects.toMatchObject({
      code: "INVALID_MESSAGE",
      message: expect.stringContaining(field),
    });
  },
);

test.each(
  (["from", "to", "cc", "replyTo"] as const).flatMap((field) =>
    injections.flatMap((bad) => [
      [field, `Desk${bad} <desk@a.example>`] as const,
      [field, { address: "desk@a.example", name: `Desk${bad}` }] as const,
      [field, `desk@a.example${bad}`] as const,
    ]),
  ),
)("%s with %j is refused", async (field, address) => {
  const value = field === "to" || field === "cc" ? [address] : address;
  await expect(composeMail({ ...input, [field]: value })).rejects.toMatchObject({ code: "INVALID_ADDRESS" });
});

test.each<[string, Partial<ComposeInput>]>([
  ["to", { to: [] }],
  ["date", { date: new Date(Number.NaN) }],
  ["text", { text: "a\0b" }],
  ["html", { html: "a\0b" }],
  ["messageId", { messageId: "t7@a.example" }],
  ["messageId", { messageId: "<t7@a.example> <t8@a.example>" }],
  ["headers", { headers: { Bcc: "x@evil.example" } }],
  ["headers", { headers: { "content-type": "text/html" } }],
  ["headers", { headers: { "Resent-To": "x@evil.example" } }],
  ["headers", { headers: { "X Note": "a" } }],
  ["headers", { headers: { "": "a" } }],
  ["filename", { attachments: [{ filename: " ", contentType: "text/plain", content: "" }] }],
  ["contentType", { attachments: [{ filename: "a", contentType: "pdf", content: "" }] }],
  ["Subject", { subject: "x".repeat(1000) }],
  ["X-Note", { headers: { "X-Note": "x".repeat(1000) } }],
  ["Content-Type", { attachments: [{ filename: "x".repeat(1000), contentType: "text/plain", content: "" }] }],
])("a %s that cannot be written is refused (%#)", async (field, changes) => {
  await expect(composeMail({ ...input, ...changes })).rejects.toMatchObject({
    code: "INVALID_MESSAGE",
    message: expect.stringContaining(field),
  });
});

test.each<[string, Partial<ComposeInput>]>([
  ["a text", { text: "x".repeat(20_001) }],
  ["an attachment", { attachments: [{ filename: "a", contentType: "text/plain", content: new Uint8Array(20_001) }] }],
  [
    "what becomes too long by its encoding",
    { attachments: [{ filename: "a", contentType: "text/plain", content: new Uint8Array(15_500) }] },
  ],
])("%s over maxBytes is refused", async (_, changes) => {
  await expect(composeMail({ ...input, ...changes, maxBytes: 20_000 })).rejects.toMatchObject({
    code: "MESSAGE_TOO_LARGE",
    message: expect.stringContaining("20000"),
  });
});
