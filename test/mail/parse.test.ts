import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { classify } from "../../src/mail/classify.ts";
import { gatherSignals } from "../../src/mail/correlate.ts";
import { parseMail, type ParseLimits } from "../../src/mail/parse.ts";

const own = { isOwn: () => false, addresses: [] };

function parse(raw: string | Uint8Array, limits: Partial<ParseLimits> = {}) {
  return parseMail(typeof raw === "string" ? Buffer.from(raw, "latin1") : raw, {
    putAttachment: (content) => Promise.resolve(createHash("sha256").update(content).digest("hex")),
    limits,
  });
}

async function message(raw: string | Uint8Array) {
  const result = await parse(raw);
  if (result.kind !== "parsed") throw new Error(result.reason);
  return result.message;
}

const head = "From: ann@b.example\r\nTo: desk@a.example\r\nSubject: Prices\r\n";
const multipart = (type: string, ...parts: string[]) =>
  `${head}Content-Type: multipart/${type}; boundary=b\r\n\r\n${parts.map((part) => `--b\r\n${part}\r\n`).join("")}--b--\r\n`;

test("alternatives give both text and HTML", async () => {
  const raw = multipart(
    "alternative",
    "Content-Type: text/plain\r\n\r\nHi",
    "Content-Type: text/html\r\n\r\n<p>Hi</p>",
  );
  expect(await message(raw)).toMatchObject({ text: "Hi", html: "<p>Hi</p>" });
});

test.each([
  [
    "HTML alone",
    `${head}Content-Type: text/html\r\n\r\n<p>Hi https://a.example</p>`,
    undefined,
    "<p>Hi https://a.example</p>",
  ],
  ["text alone", `${head}\r\nHi https://a.example <b>`, "Hi https://a.example <b>", undefined],
  ["an empty body", `${head}\r\n`, undefined, undefined],
  ["a header alone", head, undefined, undefined],
  [
    "an empty alternative",
    multipart("alternative", "Content-Type: text/plain\r\n\r\n", "Content-Type: text/html\r\n\r\n<p>Hi</p>"),
    undefined,
    "<p>Hi</p>",
  ],
])("%s is left as it is, and nothing is made from it", async (_, raw, text, html) => {
  const { text: gotText, html: gotHtml } = await message(raw);
  expect([gotText?.trim(), gotHtml?.trim()]).toEqual([text, html]);
});

test("a mail that is an attachment and nothing else has it", async () => {
  const type = "Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n";
  const { attachments } = await message(`${head}${type}\r\n${Buffer.from("prices").toString("base64")}\r\n`);
  expect(attachments).toMatchObject([{ filename: "a.pdf", contentType: "application/pdf", size: 6 }]);
});

test("what programs read in a report goes to reports, and never into the text", async () => {
  const raw = multipart(
    "report; report-type=delivery-status",
    "Content-Type: text/plain\r\n\r\nSorry.",
    "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; ann@b.example\r\nAction: failed",
    "Content-Type: message/rfc822\r\n\r\nMessage-ID: <t7@a.example>\r\nSubject: inner\r\n\r\nInner text",
  );
  const parsed = await message(raw);
  expect(parsed.text).toBe("Sorry.");
  expect(parsed.attachments).toEqual([]);
  expect(parsed.reports.map((part) => part.contentType)).toEqual(["message/delivery-status", "message/rfc822"]);
  expect(parsed.reports[1]?.content).toBe("Message-ID: <t7@a.example>\nSubject: inner\n\nInner text");
});

test("a mail that a person attached is an attachment, and its text is not theirs", async () => {
  const raw = multipart(
    "mixed",
    "Content-Type: text/plain\r\n\r\nSee below.",
    "Content-Type: message/rfc822\r\nContent-Disposition: inline\r\n\r\nFrom: x@y.example\r\n\r\nI approve everything.",
  );
  const parsed = await message(raw);
  expect(parsed.text).toBe("See below.");
  expect(parsed.reports).toEqual([]);
  expect(parsed.attachments).toMatchObject([{ filename: "message.eml", contentType: "message/rfc822" }]);
});

test("attachments are stored in the order of the mail, decoded", async () => {
  const raw = multipart(
    "mixed",
    "Content-Type: text/plain\r\n\r\nHi",
    "Content-Type: TEXT/CSV; name=a.csv\r\nContent-Transfer-Encoding: quoted-printable\r\nContent-Disposition: attachment\r\n\r\na=3Db",
    'Content-Type: image/png\r\nContent-ID: <logo@b.example>\r\nContent-Disposition: inline; filename="logo.png"\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw==',
  );
  expect((await message(raw)).attachments).toEqual([
    { filename: "a.csv", contentType: "text/csv", size: 3, blob: createHash("sha256").update("a=b").digest("hex") },
    {
      filename: "logo.png",
      contentType: "image/png",
      size: 4,
      blob: createHash("sha256").update(Buffer.from("iVBORw==", "base64")).digest("hex"),
      contentId: "logo@b.example",
    },
  ]);
});

test.each([
  ["../../etc/passwd", "passwd"],
  ["C:\\\\Users\\\\ann\\\\prices.xls", "prices.xls"],
  ["..", "attachment.bin"],
  ["=?utf-8?Q?a=00b=E2=80=AEfdp.exe?=", "abfdp.exe"],
  ["", "attachment.bin"],
  ["a.vbs::$DATA", "a.vbs__$DATA"],
  ["C:a?.pdf", "C_a_.pdf"],
  ["NUL.txt", "_NUL.txt"],
  ["a.e\u200bxe", "a.exe"],
])("the filename %j becomes %j", async (given, safe) => {
  const raw = multipart("mixed", `Content-Type: application/x-thing; name="${given}"\r\n\r\nx`);
  expect((await message(raw)).attachments[0]?.filename).toBe(safe);
});

test.each<[string, string, object]>([
  ["no From", "Subject: x\r\n\r\nHi", { to: [], replyTo: [] }],
  ["a From that names nobody", "From: undisclosed\r\n\r\nHi", { subject: "" }],
])("%s leaves from out", async (_, raw, expected) => {
  const parsed = await message(raw);
  expect(parsed.from).toBeUndefined();
  expect(parsed).toMatchObject(expected);
});

test.each([
  ["Ann <ann@b.example>", { address: "ann@b.example", name: "Ann" }],
  ["ANN@B.EXAMPLE (Ann Weber)", { address: "ANN@b.example", name: "Ann Weber" }],
  ['"ann@b.example" <mallory@evil.example>', { address: "mallory@evil.example", name: "ann@b.example" }],
  ["=?utf-8?B?SsO8cmdlbg==?= <j@b.example>", { address: "j@b.example", name: "Jürgen" }],
  ["<ann@xn--bcher-kva.example>", { address: "ann@xn--bcher-kva.example" }],
  ["ann@b.example, ann@b.example", { address: "ann@b.example" }],
  ["ann@b.example, mallory@evil.example", undefined],
  ["ann@b.example\r\nFrom: mallory@evil.example", undefined],
  ["ann@b.example\r\nfrom : mallory@evil.example", undefined],
  ["group: ann@b.example;", { address: "ann@b.example" }],
])("From: %s is %j", async (value, expected) => {
  expect((await message(`From: ${value}\r\n\r\nHi`)).from).toEqual(expected);
});

test("a part that states two types, the first of them empty, is octets", async () => {
  const raw = multipart("mixed", "Content-Type: \r\nContent-Type: text/html\r\n\r\n<p>Hi</p>");
  expect(await message(raw)).toMatchObject({ attachments: [{ contentType: "application/octet-stream" }] });
});

test("every address field, and several fields of a kind", async () => {
  const parsed = await message(
    "From: a@b.example\r\nSender: s@b.example\r\nReply-To: r@b.example, Q <q@b.example>\r\nTo: one@a.example\r\nTo: two@a.example, bad address, three@a.example\r\nCc: team: x@a.example, y@a.example;\r\n\r\nHi",
  );
  expect(parsed).toMatchObject({
    sender: { address: "s@b.example" },
    replyTo: [{ address: "r@b.example" }, { address: "q@b.example", name: "Q" }],
    cc: [{ address: "x@a.example" }, { address: "y@a.example" }],
  });
  expect(parsed.to.map((to) => to.address)).toEqual(["one@a.example", "two@a.example", "three@a.example"]);
});

test("header fields keep their order, unfolded, decoded and without line breaks", async () => {
  const parsed = await message(
    "Received: from x\r\n\tby y\r\nReceived: from z\r\nX-Note: =?utf-8?Q?a=0D=0ABcc:_b?=\r\nSubject: one\r\n two\r\nX-Empty:\r\n\r\nX-Body: no",
  );
  expect(parsed.headers).toEqual([
    { name: "received", value: "from x by y" },
    { name: "received", value: "from z" },
    { name: "x-note", value: "a Bcc: b" },
    { name: "subject", value: "one two" },
    { name: "x-empty", value: "" },
  ]);
});

test.each([
  ["Mon, 2 Mar 2026 12:00:00 +0100", "2026-03-02T11:00:00.000Z"],
  ["Mon, 2 Mar 2026 12:00:00 +0100 (CET)", "2026-03-02T11:00:00.000Z"],
  ["2 Mar 2026 12:00:00 GMT", "2026-03-02T12:00:00.000Z"],
  ["yesterday", undefined],
  ["", undefined],
])("Date: %s is %s", async (value, expected) => {
  expect((await message(`Date: ${value}\r\n\r\nHi`)).date).toBe(expected);
});

test.each([
  ["utf-8", "8bit", Buffer.from("Grüße"), "Grüße"],
  ["iso-8859-1", "8bit", Buffer.from("Grüße", "latin1"), "Grüße"],
  ["windows-1252", "quoted-printable", Buffer.from("12 =80"), "12 €"],
  ["utf-16le", "base64", Buffer.from(Buffer.from("Grüße", "utf16le").toString("base64")), "Grüße"],
  ["no-such-charset", "8bit", Buffer.from("Grüße"), "Grüße"],
  ["utf-7", "7bit", Buffer.from("+ADw-script+AD4-"), "+ADw-script+AD4-"],
  ["us-ascii", "no-such-encoding", Buffer.from("plain"), "plain"],
])("a body in %s, %s", async (charset, encoding, body, text) => {
  const header = `${head}Content-Type: text/plain; charset=${charset}\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n`;
  expect((await message(Buffer.concat([Buffer.from(header), body]))).text).toBe(text);
});

const nested = (depth: number) =>
  `${head}${Array.from({ length: depth }, (_, n) => `Content-Type: multipart/mixed; boundary=b${n}\r\n\r\n--b${n}\r\n`).join("")}\r\nHi`;

test.each<[string, string, Partial<ParseLimits>, RegExp]>([
  ["nothing", "", {}, /no content/],
  ["too many octets", `${head}\r\n${"x".repeat(1000)}`, { maxBytes: 500 }, /larger than 500/],
  ["a long header", `${head}X: ${"x".repeat(300_000)}\r\n\r\nHi`, {}, /header section/],
  ["a header that never ends", `${head}${"x".repeat(300_000)}`, {}, /header section/],
  ["a long header of a part", multipart("mixed", `X: ${"x".repeat(300_000)}\r\n\r\nHi`), {}, /header section/],
  ["many fields", `${"X: y\r\n".repeat(1001)}\r\nHi`, {}, /1000 header fields/],
  ["deep nesting", nested(21), {}, /deeper than 20/],
  [
    "deep nesting under one boundary",
    `${head}${"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n".repeat(21)}\r\nHi`,
    {},
    /deeper than 20/,
  ],
  ["many parts", multipart("mixed", ...Array.from({ length: 201 }, () => "\r\nHi")), {}, /200 parts/],
  [
    "many attachments",
    multipart("mixed", ...Array.from({ length: 4 }, () => "Content-Type: application/pdf\r\n\r\nx")),
    { maxAttachments: 3 },
    /3 attachments/,
  ],
])("%s: unreadable, and said why", async (_, raw, limits, reason) => {
  expect(await parse(raw, limits)).toEqual({ kind: "unreadable", reason: expect.stringMatching(reason) });
});

test("a mail at each limit is read", async () => {
  expect((await parse(nested(20))).kind).toBe("parsed");
  expect((await parse(`${"X: y\r\n".repeat(1000)}\r\nHi`)).kind).toBe("parsed");
  expect((await parse(`${head}X: ${"x".repeat(250_000)}\r\n\r\nHi`)).kind).toBe("parsed");
});

test("long texts are cut, not refused", async () => {
  const result = await parse(`${head}\r\n${"x".repeat(1000)}`, { maxTextLength: 100 });
  expect(result).toMatchObject({ kind: "parsed", message: { text: "x".repeat(100) } });
});

test("a store that fails is no fault of the mail: the parsing rejects", async () => {
  const raw = multipart("mixed", "Content-Type: application/pdf\r\n\r\nx");
  const putAttachment = () => Promise.reject(new Error("disk full"));
  await expect(parseMail(Buffer.from(raw), { putAttachment })).rejects.toThrow("disk full");
});

test("a mail with too many attachments leaves no more of them in the store than are allowed", async () => {
  let stored = 0;
  const raw = multipart("mixed", ...Array.from({ length: 4 }, () => "Content-Type: application/pdf\r\n\r\nx"));
  const putAttachment = () => Promise.resolve(String(++stored));
  await parseMail(Buffer.from(raw), { putAttachment, limits: { maxAttachments: 3 } });
  expect(stored).toBe(3);
});

test("an attachment is stored before the next one is decoded", async () => {
  const raw = multipart("mixed", ...Array.from({ length: 3 }, () => "Content-Type: application/pdf\r\n\r\nx"));
  let open = 0;
  let most = 0;
  const result = await parseMail(Buffer.from(raw), {
    async putAttachment() {
      most = Math.max(most, ++open);
      await setTimeout(5);
      open -= 1;
      return "stored";
    },
  });
  expect(result).toMatchObject({ kind: "parsed", message: { attachments: [{}, {}, { blob: "stored" }] } });
  expect(most).toBe(1);
});

/** A small generator of the same numbers each time (Mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

async function readsInTime(raw: Uint8Array) {
  const start = performance.now();
  const result = await parse(raw);
  if (result.kind === "parsed") {
    classify(result.message, own);
    gatherSignals(result.message);
    expect(result.message.headers.every((field) => !/[\r\n\0]/.test(field.value))).toBe(true);
  } else expect(result.reason).not.toBe("");
  expect(performance.now() - start).toBeLessThan(2000);
}

test("random octets are always a mail or unreadable", async () => {
  const next = random(1);
  const words = [
    "\r\n",
    "\n",
    ": ",
    "--b",
    "--b--",
    "Content-Type: multipart/mixed; boundary=b\r\n\r\n",
    "From: ",
    "<",
    ">",
    "=?utf-8?Q?",
    "?=",
    '"',
    "(",
    " ",
    "\t",
    "\0",
    "ü",
  ];
  for (let round = 0; round < 300; round++) {
    const pieces = Array.from({ length: Math.floor(next() * 60) }, () =>
      next() < 0.3
        ? Buffer.from([Math.floor(next() * 256), Math.floor(next() * 256)])
        : Buffer.from(words[Math.floor(next() * words.length)] ?? ""),
    );
    await readsInTime(Buffer.concat(pieces));
  }
});

test("mails with pieces cut, doubled, swapped and changed are always a mail or unreadable", async () => {
  const folder = new URL("../fixtures/mail/", import.meta.url);
  const next = random(2);
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".eml"))) {
    const mail = readFileSync(new URL(file, folder));
    for (let round = 0; round < 8; round++) {
      let raw = mail;
      for (let change = 0; change < 4; change++) {
        const [from, to] = [Math.floor(next() * raw.length), Math.floor(next() * raw.length)].toSorted(
          (a, b) => a - b,
        ) as [number, number];
        const kind = Math.floor(next() * 4);
        const middle = raw.subarray(from, to);
        if (kind === 0) raw = Buffer.concat([raw.subarray(0, from), raw.subarray(to)]);
        else if (kind === 1) raw = Buffer.concat([raw.subarray(0, to), middle, raw.subarray(to)]);
        else if (kind === 2) raw = Buffer.concat([middle, raw.subarray(0, from), raw.subarray(to)]);
        else
          raw = Buffer.concat([raw.subarray(0, from), Buffer.from([Math.floor(next() * 256)]), raw.subarray(from + 1)]);
      }
      await readsInTime(raw);
    }
  }
});

test.each([
  ["empty lines", `${head}\r\n${"\n".repeat(500_000)}`],
  ["boundaries of nobody", `${nested(15)}${"--x\n".repeat(200_000)}`],
  ["open quotes in To", `To: ${'"'.repeat(200_000)}\r\n\r\nHi`],
  ["open brackets in To", `To: ${"<".repeat(200_000)}\r\n\r\nHi`],
  ["open comments in To", `To: ${"(".repeat(200_000)}\r\n\r\nHi`],
  ["groups in To", `To: ${"a:".repeat(100_000)}\r\n\r\nHi`],
  ["addresses in To", `To: ${"a@b.example, ".repeat(15_000)}\r\n\r\nHi`],
  ["encoded words", `Subject: ${"=?utf-8?Q?a?= ".repeat(15_000)}\r\n\r\nHi`],
  ["broken encoded words", `Subject: ${"=?a?Q?".repeat(40_000)}\r\n\r\nHi`],
  ["parameters", `Content-Type: multipart/mixed; ${"a=b; ".repeat(40_000)}\r\n\r\nHi`],
  ["a comment for a boundary", `Content-Type: multipart/mixed; boundary=${"(".repeat(200_000)}\r\n\r\nHi`],
  ["folds", `X: y\r\n${" z\r\n".repeat(50_000)}\r\nHi`],
  ["tags", `Content-Type: text/html\r\n\r\n${"<b>".repeat(300_000)}`],
  ["open tags", `Content-Type: text/html\r\n\r\n${"<".repeat(900_000)}`],
  ["open styles", `Content-Type: text/html\r\n\r\n${"<style>".repeat(100_000)}`],
  ["references", `\r\n${"ref: ".repeat(200_000)}`],
  ["a bounce of spaces", `From: MAILER-DAEMON@b.example\r\nSubject: Undeliverable\r\n\r\n${" ".repeat(900_000)}`],
  ["a bounce of dots", `From: MAILER-DAEMON@b.example\r\nSubject: Undeliverable\r\n\r\n${"a.".repeat(400_000)}`],
  [
    "a bounce of addresses",
    `From: MAILER-DAEMON@b.example\r\nSubject: Undeliverable\r\n\r\n${"a@b.example ".repeat(70_000)}`,
  ],
  [
    "a bounce of codes",
    `From: MAILER-DAEMON@b.example\r\nSubject: Undeliverable\r\n\r\n${"550 5.1.1 ".repeat(80_000)}`,
  ],
  [
    "a bounce of header lines",
    `From: MAILER-DAEMON@b.example\r\nSubject: Undeliverable\r\n\r\n${"received: x\n".repeat(70_000)}`,
  ],
  [
    "a report of recipients",
    `Content-Type: message/delivery-status\r\n\r\n${"\n\nFinal-Recipient: rfc822;a@b.example".repeat(20_000)}`,
  ],
  ["a notice of dates", `Auto-Submitted: auto-replied\r\n\r\n${"until 1 ".repeat(100_000)}`],
])("a hostile mail of %s takes little time", async (_, raw) => {
  await readsInTime(Buffer.from(raw));
});
