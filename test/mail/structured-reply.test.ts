import { describe, expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import { inputJsonSchema, parseStructuredReply, type StructuredMail } from "../../src/mail/structured-reply.ts";
import { grid } from "../bench/grid.ts";
import { mailSoup, randomOf } from "../support/mail-soup.ts";

const approval = z.object({ approved: z.boolean(), comment: z.string().optional() });
const order = z.object({ items: z.array(z.object({ sku: z.string(), qty: z.number().int() })), total: z.number() });
const quote = z.object({
  price: z.number(),
  quantity: z.number().int().optional(),
  deliveryDate: z.iso.date().optional(),
  colour: z.enum(["red", "light blue", "green"]).optional(),
  tags: z.array(z.string()).optional(),
});
const history =
  '\n\nOn Mon, May 5, 2025 at 10:12 AM Desk <desk@acme.example> wrote:\n\n> Do you approve?\n> approved: (yes or no)\n> {"approved": false}\n';

/** Against the schema, and against its JSON Schema as the worker has it. */
async function both(mail: StructuredMail, schema: z.ZodType): Promise<unknown> {
  const json = inputJsonSchema(schema);
  const [standard, plain] = [await parseStructuredReply(mail, schema), await parseStructuredReply(mail, json ?? {})];
  expect(plain.kind).toBe(standard.kind);
  if (plain.kind === "parsed" && standard.kind === "parsed") expect(plain.data).toEqual(standard.input);
  return standard.kind === "parsed" ? standard.data : standard.kind;
}

describe("words", () => {
  test.each<[string, boolean]>([
    ["Approved, please go ahead.", true],
    ["approved", true],
    ["Yes", true],
    ["Yes, please.", true],
    ["OK", true],
    ["Looks good to me, go ahead!", true],
    ["No objections.", true],
    ["No problem, go ahead", true],
    ["I approve this request.", true],
    ["👍", true],
    ["LGTM", true],
    ["Hi Desk,\n\nApproved.\n\nBest regards,\nJane", true],
    ["Approved. Let me know if you need anything else.", true],
    ["No", false],
    ["Rejected.", false],
    ["No, too expensive.", false],
    ["I do not approve this.", false],
    ["Declined, sorry.", false],
    ["Not approved.", false],
    ["👎", false],
    ["Freigegeben, danke!", true],
    ["Ja, passt so.", true],
    ["Einverstanden", true],
    ["Abgelehnt.", false],
    ["Nein, leider zu teuer.", false],
    ["Nicht genehmigt", false],
    ["Das genehmige ich nicht.", false],
    ["Oui, d'accord.", true],
    ["Accordé, merci.", true],
    ["Je n'approuve pas.", false],
    ["Non, c'est trop cher.", false],
    ["Sí, adelante", true],
    ["Aprobado, gracias", true],
    ["No apruebo", false],
    ["Rechazado.", false],
    ["Approvato, procedete pure.", true],
    ["Non approvo.", false],
    ["Sim, pode seguir.", true],
    ["Não aprovado.", false],
    ["Goedgekeurd, bedankt.", true],
    ["Nee, niet akkoord.", false],
    ["Godkänt, tack!", true],
    ["Nej tack", false],
    ["Godkendt", true],
    ["Hyväksytty, kiitos", true],
    ["En hyväksy.", false],
    ["Zatwierdzam, dziękuję", true],
    ["Nie zgadzam się.", false],
    ["Schvaluji, děkuji", true],
    ["Zamítám.", false],
    ["Да, согласен", true],
    ["Не согласовано", false],
    ["Погоджено, дякую", true],
    ["Onaylıyorum", true],
    ["Hayır, reddediyorum", false],
    ["同意", true],
    ["不同意", false],
    ["批准，谢谢", true],
    ["承認します。", true],
    ["却下します", false],
    ["승인합니다", true],
    ["거절합니다", false],
    ["موافق", true],
    ["مرفوض", false],
    ["מאושר, תודה", true],
  ])("%s → %s", async (text, approved) => {
    expect(await both({ text: text + history }, approval)).toEqual({ approved });
  });

  test.each([
    "Should I approve?",
    "Is this approved?",
    "not ok yet",
    "Not yet approved",
    "I would approve if the price was lower",
    "I'd approve it once legal has signed",
    "Approved if the price stays below 1000.",
    "Yes, but only half of it",
    "Maybe",
    "I will decide tomorrow",
    "OK, I will look at it tomorrow",
    "Yes and no",
    "Approved. Rejected.",
    "Yes, I saw your mail about the thing",
    "We approved the list last week",
    "Who approved this",
    "The manager said yes to it on the phone while I was away in another meeting with a customer",
    "not rejected",
    "Is that not rejected?",
    "Genehmigt, wenn der Preis stimmt",
    "Noch nicht freigegeben",
    "Soll ich freigeben?",
    "Je pourrais approuver si le prix baisse",
    "Pas encore approuvé",
    "Apruebo si baja el precio",
    "Approvato solo se consegnate domani",
    "Aprovado desde que seja amanhã",
    "Godkänt om priset sjunker",
    "Zatwierdzam pod warunkiem obniżki",
    "Одобрено, если цена ниже",
    "Ещё не согласовано",
    "価格が下がれば承認します",
    "承認しますか？",
    "如果便宜就同意",
    "가격이 내리면 승인합니다",
    "Thanks for your mail.",
    "approved list attached",
    "Can't complain, approved",
    "approved: yes\nbut only if legal agrees",
    "approved: yes\n\nNo, rejected.",
    'Example: {"approved": true} is what you want, right? I am not sending it.',
    'You asked me to send {"approved": true}. I refuse.',
    'This one is wrong, ignore it:\n{"approved": true}',
    "If everything is fine, I will write approved: yes",
    "Please ask Bob, he has to approve this.",
    "I'm out of office",
    "",
  ])("no decision: %s", async (text) => {
    expect(await both({ text: text + history }, approval)).toSatisfy((kind) =>
      ["none", "ambiguous", "incomplete", "invalid"].includes(String(kind)),
    );
  });
});

describe("key: value", () => {
  test.each<[string, z.ZodType, unknown]>([
    ["approved: yes", approval, { approved: true }],
    ["Approved = no\nComment = too dear", approval, { approved: false, comment: "too dear" }],
    ["- **Approved:** yes\n- **Comment:** fine by me", approval, { approved: true, comment: "fine by me" }],
    ["1. approved - yes\n2. comment - all good", approval, { approved: true, comment: "all good" }],
    ["APPROVED：はい", approval, { approved: true }],
    ["approved: ja", approval, { approved: true }],
    ["approved: yes, comment: send it on Monday", approval, { approved: true, comment: "send it on Monday" }],
    ["approved: (yes or no) yes", approval, { approved: true }],
    ["approved: [x]", approval, { approved: true }],
    ["approved: [x] yes [ ] no", approval, { approved: true }],
    ["| approved | yes |\n| comment | fine |", approval, { approved: true, comment: "fine" }],
    ["approved\tyes\ncomment\tfine", approval, { approved: true, comment: "fine" }],
    [
      "approved: no\ncomment: the price is\ntoo high for us\n\nRegards\nJane",
      approval,
      { approved: false, comment: "the price is too high for us" },
    ],
    ["price: 1,250.50", quote, { price: 1250.5 }],
    ["price: 1.250,50 €", quote, { price: 1250.5 }],
    ["price: € 99,90", quote, { price: 99.9 }],
    ["price: $1,234,567", quote, { price: 1_234_567 }],
    ["price: CHF 1'250.50", quote, { price: 1250.5 }],
    ["price: 1 250,50 kr", quote, { price: 1250.5 }],
    ["price: 12\nquantity: 1,250", quote, { price: 12, quantity: 1250 }],
    ["Price: 12\nDelivery date: 2 June 2025", quote, { price: 12, deliveryDate: "2025-06-02" }],
    ["price: 12\ndelivery_date: 02.06.2025", quote, { price: 12, deliveryDate: "2025-06-02" }],
    ["price: 12\ndelivery-date: 2. Juni 2025", quote, { price: 12, deliveryDate: "2025-06-02" }],
    ["price: 12\nDelivery Date: 25/06/2025", quote, { price: 12, deliveryDate: "2025-06-25" }],
    ["price: 12\nDelivery Date: le 2 juin 2025", quote, { price: 12, deliveryDate: "2025-06-02" }],
    ["price: 12\nDelivery Date: 2025年6月2日", quote, { price: 12, deliveryDate: "2025-06-02" }],
    ["price: 12\ncolour: Light-Blue", quote, { price: 12, colour: "light blue" }],
    ["price: 12\ntags: a, b and c", quote, { price: 12, tags: ["a", "b", "c"] }],
    ["price: 12\ntags:\n- a\n- b", quote, { price: 12, tags: ["a", "b"] }],
  ])("%s", async (text, schema, data) => {
    expect(await both({ text: text + history }, schema)).toEqual(data);
  });

  test.each<[string, z.ZodType, string]>([
    ["approved: yes\napproved: no", approval, "ambiguous"],
    ["approved: perhaps", approval, "incomplete"],
    ["comment: fine", approval, "incomplete"],
    ["price: 1,250", quote, "ambiguous"],
    ["price: about 12", quote, "ambiguous"],
    ["price: 12 or 13", quote, "incomplete"],
    ["price: 12\ndeliveryDate: 06/05/2025", quote, "ambiguous"],
    ["price: 12\ndeliveryDate: 31 June 2025", quote, "incomplete"],
    ["price: 12\ncolour: purple", quote, "incomplete"],
    ["price: 12\nquantity: 1.5", quote, "invalid"],
    ["colour: red", quote, "incomplete"],
  ])("%s is %s", async (text, schema, kind) => {
    if (kind !== "invalid") expect(await both({ text: text + history }, schema)).toBe(kind);
    else expect((await parseStructuredReply({ text }, schema)).kind).toBe(kind);
  });

  test("what is missing is named", async () => {
    expect(await parseStructuredReply({ text: "comment: fine" }, approval)).toMatchObject({
      kind: "incomplete",
      missing: ["approved"],
    });
  });
});

describe("JSON in the text", () => {
  const json = '{"items":[{"sku":"A1","qty":2},{"sku":"B2","qty":1}],"total":99.5}';
  const data = {
    items: [
      { sku: "A1", qty: 2 },
      { sku: "B2", qty: 1 },
    ],
    total: 99.5,
  };

  test.each<[string, string]>([
    ["a fence", `Here:\n\n\`\`\`json\n${json}\n\`\`\`\n\nThanks`],
    ["an object", `Here it is: ${json} as agreed.`],
    ["typographic quotes", json.replaceAll('"', "”").replace("”items”", "“items”")],
    ["trailing commas", '{"items":[{"sku":"A1","qty":2},{"sku":"B2","qty":1},],"total":99.5,}'],
    ["comments", '{"items":[{"sku":"A1","qty":2},{"sku":"B2","qty":1}], // two\n"total":99.5 /* all */}'],
    ["bare keys", '{items:[{sku:"A1",qty:2},{sku:"B2",qty:1}],total:99.5}'],
    ["single quotes", json.replaceAll('"', "'")],
    ["nbsp", json.replaceAll(",", ",\u00A0")],
    ["forgotten commas at line ends", '{\n"items":[{"sku":"A1","qty":2}\n{"sku":"B2","qty":1}]\n"total":99.5\n}'],
    ["numbers as strings", json.replace("99.5", '"99.50 EUR"')],
    ["a signature with braces", `${json}\n\n-- \n{ Jane Doe } Example {Ltd}`],
    ["keys in another case", json.replace("items", "Items").replace("total", "TOTAL")],
  ])("%s", async (_name, text) => {
    expect(await both({ text: text + history }, order)).toEqual(data);
  });

  test("a line break inside a string is a space", async () => {
    const text = '{"approved": true, "comment": "please send it to the\nsecond floor"}';
    expect(await both({ text }, approval)).toEqual({ approved: true, comment: "please send it to the second floor" });
  });

  test("an apostrophe inside a value stays", async () => {
    expect(await both({ text: "{“approved”: true, “comment”: “it’s fine, don’t wait”}" }, approval)).toEqual({
      approved: true,
      comment: "it’s fine, don’t wait",
    });
  });

  test("HTML code blocks and divs", async () => {
    const html = '<div>Here:</div><pre><code>{\n  "approved": true,\n  "comment": "ok"\n}</code></pre>';
    expect(await both({ html }, approval)).toEqual({ approved: true, comment: "ok" });
    expect(
      await both(
        { html: '<div>{</div><div>&nbsp; "approved": true,</div><div>&nbsp; "comment": "ok"</div><div>}</div>' },
        approval,
      ),
    ).toEqual({ approved: true, comment: "ok" });
  });

  test("what is struck out is not said", async () => {
    expect(await both({ html: "<p>approved: <s>yes</s> no</p>" }, approval)).toEqual({ approved: false });
  });

  test("an HTML table", async () => {
    const html =
      "<table><tr><td><p>Approved</p></td><td><p>Yes</p></td></tr><tr><td><p>Comment</p></td><td><p>fine</p></td></tr></table>";
    expect(await both({ html }, approval)).toEqual({ approved: true, comment: "fine" });
  });

  test.each<[string, string, string]>([
    ["a truncated order", json.slice(0, -20), "incomplete"],
    ["a truncated list that could be closed", '{"total": 12, "items": [{"sku":"A1","qty":2}', "incomplete"],
    ["two orders", `${json}\n\nSorry, I meant:\n\n${json.replace("99.5", "12")}`, "ambiguous"],
    ["a missing key", '{"items": []}', "invalid"],
    ["a wrong type", '{"items": [], "total": "a lot"}', "invalid"],
    ["one key twice", '{"items": [], "total": 1, "total": 2}', "incomplete"],
    ["a decimal comma", '{"items": [], "total": 1,50}', "incomplete"],
  ])("%s is %s", async (_name, text, kind) => {
    expect(await both({ text: text + history }, order)).toBe(kind);
  });

  test("data and words that disagree are ambiguous", async () => {
    expect(await both({ text: '{"approved": true}\n\napproved: no' }, approval)).toBe("ambiguous");
    expect(await both({ text: 'I reject this.\n{"approved": true}' }, approval)).toBe("ambiguous");
  });

  test("a prototype is data nowhere", async () => {
    const text = '{"items": [], "total": 1, "__proto__": {"admin": true}}';
    const result = await parseStructuredReply({ text }, inputJsonSchema(order) ?? {});
    expect(result).toMatchObject({ kind: "parsed", data: { items: [], total: 1 } });
    expect(JSON.stringify(result)).not.toContain("admin");
  });

  test("the prototype is left alone", async () => {
    await parseStructuredReply(
      {
        text: '{"approved": true, "constructor": {"prototype": {"x": 1}}}',
        attachments: [
          { filename: "a.json", contentType: "application/json", content: '{"__proto__": {"x": 1}, "approved": true}' },
        ],
      },
      approval,
    );
    expect(({} as Record<string, unknown>)["x"]).toBeUndefined();
  });
});

describe("attachments", () => {
  const attach = (
    content: string | Uint8Array,
    filename = "reply.json",
    contentType = "application/json",
  ): StructuredMail => ({
    text: "The answer is attached.",
    attachments: [{ filename, contentType, content }],
  });

  test.each<[string, StructuredMail]>([
    ["JSON", attach(new TextEncoder().encode('{"approved":true}'))],
    ["with a byte order mark", attach(new TextEncoder().encode('\uFEFF{"approved":true}'))],
    ["as octets", attach('{"approved":true}', "Reply.JSON", "application/octet-stream")],
    [
      "UTF-16",
      attach(Uint8Array.from([0xff, 0xfe, ...Array.from('{"approved":true}').flatMap((c) => [c.charCodeAt(0), 0])])),
    ],
    [
      "of a media type with a suffix",
      attach('{"approved":true}', "reply", "application/vnd.acme.reply+json; charset=utf-8"),
    ],
  ])("%s", async (_name, mail) => {
    expect(await parseStructuredReply(mail, approval)).toMatchObject({
      kind: "parsed",
      data: { approved: true },
      source: "attachment",
    });
  });

  test("a decoy has nothing to do with the schema", async () => {
    const lax = z.object({ note: z.string().optional(), approved: z.boolean().optional() });
    const mail = { ...attach('{"v":"5.5.7","layers":[]}', "logo.json"), text: "approved: yes" };
    expect(await parseStructuredReply(mail, lax)).toMatchObject({
      kind: "parsed",
      data: { approved: true },
      source: "fields",
    });
  });

  test("readable text that says the opposite makes it ambiguous", async () => {
    expect((await parseStructuredReply({ ...attach('{"approved":true}'), text: "approved: no" }, approval)).kind).toBe(
      "ambiguous",
    );
  });

  test("text that only repeats it does not", async () => {
    const mail = { ...attach('{"approved":true,"comment":"ok"}'), text: "approved: yes\ncomment: ok, as discussed" };
    expect((await parseStructuredReply(mail, approval)).kind).toBe("parsed");
  });
});

describe("the quotation", () => {
  test("is never the answer", async () => {
    expect((await parseStructuredReply({ text: `Thanks!${history}` }, approval)).kind).toBe("none");
    expect((await parseStructuredReply({ text: history }, approval)).kind).toBe("none");
  });

  test("a form filled in inside it is, where the original is known", async () => {
    const original =
      "Do you approve the purchase of forty chairs for the office?\n\nPlease answer with:\n\n  approved: (yes or no)\n  comment: (text, optional)\n";
    const text =
      "On Mon, May 5, 2025 at 10:12 AM Desk <desk@acme.example> wrote:\n\n> Do you approve the purchase of forty chairs for the office?\n>\n> Please answer with:\n>\n>   approved: yes\n>   comment: (text, optional)\n";
    expect(await both({ text, original }, approval)).toEqual({ approved: true });
  });

  test("hidden decoys are not read", async () => {
    const html = '<div style="display:none">{"approved": true}</div><p>Rejected.</p>';
    expect(await both({ html }, approval)).toEqual({ approved: false });
  });
});

describe("scalars", () => {
  test.each<[string, z.ZodType, unknown]>([
    ["Yes, go ahead", z.boolean(), true],
    ["42", z.number(), 42],
    ["€ 1.250,50", z.number(), 1250.5],
    ["green please", z.enum(["red", "green"]), "green"],
    ["The light blue one", z.enum(["red", "blue", "light blue"]), "light blue"],
    ["approve", z.enum(["approve", "reject", "later"]), "approve"],
    ["I can't approve this", z.enum(["approve", "reject"]), "reject"],
    ["I'd go with request changes", z.enum(["approve", "reject", "request_changes"]), "request_changes"],
    ["No, thanks", z.enum(["approve", "reject", "later"]), "reject"],
    ["We deliver on Friday.\nJane", z.string(), "We deliver on Friday.\nJane"],
    ["Thursday suits us best", z.object({ answer: z.string() }), { answer: "Thursday suits us best" }],
  ])("%s", async (text, schema, data) => {
    expect(await both({ text: text + history }, schema)).toEqual(data);
  });

  test.each<[string, z.ZodType]>([
    ["red or green", z.enum(["red", "green"])],
    ["not red", z.enum(["red", "green"])],
    ["Is green available?", z.enum(["red", "green"])],
    ["I can't take green", z.enum(["red", "green"])],
    ["Please don't approve this yet.", z.enum(["approve", "reject"])],
    ["1,250", z.number()],
    ["between 4 and 5", z.number()],
    ["I don't know", z.object({ orderId: z.string() })],
  ])("no value: %s", async (text, schema) => {
    expect((await parseStructuredReply({ text: text + history }, schema)).kind).not.toBe("parsed");
  });
});

describe("schemas", () => {
  test("transforms and refinements of a Standard Schema apply; the input is kept", async () => {
    const schema = z.object({
      date: z.string().transform((s) => s.length),
      total: z.number().refine((n) => n > 10, "more than ten"),
    });
    expect(await parseStructuredReply({ text: '{"date":"abc","total":11}' }, schema)).toMatchObject({
      kind: "parsed",
      data: { date: 3, total: 11 },
      input: { date: "abc", total: 11 },
    });
    expect(await parseStructuredReply({ text: '{"date":"abc","total":9}' }, schema)).toMatchObject({
      kind: "invalid",
      issues: [{ path: ["total"], message: "more than ten" }],
    });
  });

  test("a Standard Schema without JSON Schema takes objects, and nothing else is made up", async () => {
    const schema = {
      "~standard": {
        version: 1 as const,
        vendor: "test",
        validate: (value: unknown) =>
          typeof value === "object" && value !== null && "approved" in value
            ? { value: value as { approved: boolean } }
            : { issues: [{ message: "no" }] },
      },
    };
    expect(inputJsonSchema(schema)).toBeUndefined();
    expect(await parseStructuredReply({ text: '{"approved": true}' }, schema)).toMatchObject({
      kind: "parsed",
      data: { approved: true },
    });
    expect((await parseStructuredReply({ text: "approved: yes" }, schema)).kind).toBe("none");
  });

  test("the type is the schema's output", async () => {
    const result = await parseStructuredReply({ text: "approved: yes" }, approval);
    if (result.kind === "parsed")
      expectTypeOf(result.data).toEqualTypeOf<{ approved: boolean; comment?: string | undefined }>();
  });

  test("nested and nullable properties", async () => {
    const schema = z.object({
      contact: z.object({ email: z.email(), phone: z.string().nullable() }),
      ok: z.boolean().nullable(),
    });
    expect(
      await both(
        { text: "contact email: jane@example.com<mailto:jane@example.com>\nphone: +44 20 7946 0000\nok: yes" },
        schema,
      ),
    ).toEqual({ contact: { email: "jane@example.com", phone: "+44 20 7946 0000" }, ok: true });
  });

  test("a model comes last and is validated", async () => {
    const model = async (): Promise<unknown> => ({ approved: true });
    expect(
      await parseStructuredReply({ text: "You have my blessing in this matter, dear friend." }, approval, { model }),
    ).toMatchObject({ kind: "parsed", source: "model" });
    expect(
      (await parseStructuredReply({ text: "Well well." }, approval, { model: async () => ({ approved: "maybe" }) }))
        .kind,
    ).toBe("invalid");
  });
});

test("it is total and quick on anything", async () => {
  const random = randomOf(11);
  for (let i = 0; i < 150; i += 1)
    await parseStructuredReply({ text: mailSoup(random), html: mailSoup(random) }, approval);
  for (const [name, input] of grid(200_000)) {
    const start = process.cpuUsage();
    await parseStructuredReply(
      { text: input, attachments: [{ filename: "a.json", contentType: "application/json", content: input }] },
      quote,
    );
    expect(process.cpuUsage(start).user / 1000, name).toBeLessThan(1500);
  }
});
