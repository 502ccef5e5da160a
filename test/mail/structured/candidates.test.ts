import { expect, test } from "vitest";
import { z } from "zod";
import { parseStructuredReply, type StructuredMail } from "../../../src/mail/structured-reply.ts";

const approval = z.object({ approved: z.boolean() });
const commented = z.object({ approved: z.boolean(), comment: z.string().optional() });
const decision = z.object({ decision: z.enum(["approve", "reject", "defer"]), reason: z.string().optional() });
const order = z.object({
  item: z.string(),
  quantity: z.int(),
  price: z.number(),
  deliverBy: z.iso.date().optional(),
  color: z.enum(["red", "dark blue", "green"]).optional(),
});

const payment = z.object({ approved: z.boolean(), reason: z.string().optional(), amount: z.number().optional() });

// What each reply says; undefined where a program must not tell.
test.each<[StructuredMail, z.ZodType, unknown]>([
  [{ text: "Yes\namount: 250" }, payment, { approved: true, amount: 250 }],
  [{ text: "Yes, approved.\n\nAmount: 250\n\nDana" }, payment, { approved: true, amount: 250 }],
  [{ text: "No\nreason: it is too much" }, payment, { approved: false, reason: "it is too much" }],
  [{ text: "Yes\ncomment: go ahead" }, commented, { approved: true, comment: "go ahead" }],
  [{ text: "Yes\namount: lots" }, payment, undefined],
  [{ text: "Yes, if the budget allows\namount: 250" }, payment, undefined],
  [{ text: "amount: 250" }, payment, undefined],
  [{ text: "Approved with amount 250" }, payment, undefined],
  [{ text: "Approved, +1" }, payment, { approved: true }],
  [{ text: "Approved for 2027" }, commented, { approved: true }],
  [{ text: '{"item": "chair", "quantity": 4, "price": 12.5}' }, order, { item: "chair", quantity: 4, price: 12.5 }],
  [
    { text: 'Here:\n```json\n{ "item": "chair", "quantity": 4, "price": 12.5, }\n```\nThanks {Jane}' },
    order,
    { item: "chair", quantity: 4, price: 12.5 },
  ],
  [
    { text: "{“item”: “chair”, “quantity”: 4, “price”: “12,50 €”}" },
    order,
    { item: "chair", quantity: 4, price: 12.5 },
  ],
  [{ text: "{'item': 'chair', 'quantity': 4, 'price': 12.5}" }, order, { item: "chair", quantity: 4, price: 12.5 }],
  [{ text: "{item: chair, quantity: 4, price: 12.5}" }, order, undefined],
  [{ text: '{"item": "chair", "quantity": 4, "price": 12.5' }, order, undefined],
  [
    { text: '{"Item": "chair", "Quantity": "4", "Price": "1,250.50"}' },
    order,
    { item: "chair", quantity: 4, price: 1250.5 },
  ],
  [
    { text: '{"item": "chair", "quantity": 4, "price": 12.5, "deliver_by": "5 May 2026", "color": "Dark Blue"}' },
    order,
    { item: "chair", quantity: 4, price: 12.5, deliverBy: "2026-05-05", color: "dark blue" },
  ],
  [{ text: '[{"item": "chair", "quantity": 4, "price": 12.5}]' }, order, undefined],
  [{ text: '{"order": {"item": "chair", "quantity": 4, "price": 12.5}}' }, order, undefined],
  [
    { text: "Item: chair\nQuantity: 4 pieces\nPrice: EUR 1.250,50" },
    order,
    { item: "chair", quantity: 4, price: 1250.5 },
  ],
  [
    { text: "- **Item:** chair\n- **Quantity:** 4\n- **Price:** $12.50" },
    order,
    { item: "chair", quantity: 4, price: 12.5 },
  ],
  [
    { text: "1. Item - chair\n2. Quantity - 4\n3. Price - 12.50 USD" },
    order,
    { item: "chair", quantity: 4, price: 12.5 },
  ],
  [{ text: "item = chair; quantity = 4; price = 12.5" }, order, { item: "chair", quantity: 4, price: 12.5 }],
  [{ text: "ITEM: chair, QUANTITY: 4, PRICE: 12.5" }, order, { item: "chair", quantity: 4, price: 12.5 }],
  [
    { text: "| Item | chair |\n|---|---|\n| Quantity | 4 |\n| Price | 12.5 |" },
    order,
    { item: "chair", quantity: 4, price: 12.5 },
  ],
  [
    { text: "| Item | Quantity | Price |\n|---|---|---|\n| chair | 4 | 12.5 |" },
    order,
    { item: "chair", quantity: 4, price: 12.5 },
  ],
  [
    {
      html: "<table><tr><th>Item</th><th>Quantity</th><th>Price</th></tr><tr><td>chair</td><td>4</td><td>12.5</td></tr></table>",
    },
    order,
    { item: "chair", quantity: 4, price: 12.5 },
  ],
  [
    {
      html: "<table><tr><td>Item</td><td>chair</td></tr><tr><td>Quantity</td><td>4</td></tr><tr><td>Price</td><td>12.5</td></tr></table>",
    },
    order,
    { item: "chair", quantity: 4, price: 12.5 },
  ],
  [{ text: "Item: chair\nQuantity: four\nPrice: 12.5" }, order, undefined],
  [{ text: "Item: chair\nQuantity: 4\nPrice: about 12" }, order, undefined],
  [{ text: "Item: chair\nQuantity: 4-5\nPrice: 12" }, order, undefined],
  [{ text: "Item: chair\nQuantity: 4\nPrice: 12\nColor: not red" }, order, undefined],
  [{ text: "Item: chair\nQuantity: 4\nPrice: 12\nColor: green\n\nSorry, quantity: 5" }, order, undefined],
  [{ text: "Item: chair\nQuantity: 1 000\nPrice: 1 250,50" }, order, { item: "chair", quantity: 1000, price: 1250.5 }],
  [{ text: "Item: chair\nQuantity: 4\nPrice: 12\nDeliver by: 31.02.2026" }, order, undefined],
  [
    { text: "Item: chair\nQuantity: 4\nPrice: 12\nDeliver by: le 5 mai 2026" },
    order,
    { item: "chair", quantity: 4, price: 12, deliverBy: "2026-05-05" },
  ],
  [{ text: "Item: chair\nQuantity: 4\nPrice: 12\nDeliver by: tomorrow" }, order, undefined],
  [{ text: "Decision: approve\nReason: fine" }, decision, { decision: "approve", reason: "fine" }],
  [{ text: "approve" }, decision, { decision: "approve" }],
  [{ text: "Let's defer this." }, decision, { decision: "defer" }],
  [{ text: "approve or reject, I can't decide" }, decision, undefined],
  [{ text: "decision: APPROVE!" }, decision, { decision: "approve" }],
  [
    { text: "Approved: yes\nComment: Only the blue ones, please.\nAnd quickly." },
    commented,
    { approved: true, comment: "Only the blue ones, please. And quickly." },
  ],
  [{ text: "approved: no" }, commented, { approved: false }],
  [{ text: "approved: not yet" }, commented, undefined],
  [{ text: "approved: yes/no" }, commented, undefined],
  [{ text: "approved: [x] yes [ ] no" }, commented, { approved: true }],
  [{ text: "[ ] approved\n[x] rejected" }, approval, undefined],
  [
    {
      text: '{"approved": false}\n\nOn Tue, May 6, 2025 at 9:12 AM Desk <desk@acme.example> wrote:\n> {"approved": true}',
    },
    approval,
    { approved: false },
  ],
  [
    { text: "No.\n\nOn Tue, May 6, 2025 at 9:12 AM Desk <desk@acme.example> wrote:\n> Answer with approved: yes" },
    approval,
    { approved: false },
  ],
  [
    {
      text: "see attachment",
      attachments: [
        {
          filename: "order.json",
          contentType: "application/json",
          content: '\ufeff{"item":"chair","quantity":4,"price":12.5}',
        },
      ],
    },
    order,
    { item: "chair", quantity: 4, price: 12.5 },
  ],
  [
    {
      text: "approved: yes",
      attachments: [{ filename: "logo.json", contentType: "application/json", content: '{"w":1}' }],
    },
    approval,
    { approved: true },
  ],
  [
    { html: '<pre>{\n "approved":&nbsp;true\n}</pre><div style="display:none">{"approved": false}</div>' },
    approval,
    { approved: true },
  ],
  [{ text: '{"approved": true}\nbut only after Friday' }, approval, undefined],
  [{ text: '{"approved": null}' }, approval, undefined],
  [{ text: '{"approved": "yes"}' }, approval, { approved: true }],
  [{ text: '{"approved": "not sure"}' }, approval, undefined],
  [{ text: "approved : true ." }, approval, { approved: true }],
  [{ text: 'I think {"approved": true} would be wrong' }, approval, undefined],
  [
    {
      text: "Sorry for the late reply.\n\nItem: chair\nQuantity: 4\nPrice: 12.5\n\nLet me know if you need anything else.\nJane",
    },
    order,
    { item: "chair", quantity: 4, price: 12.5 },
  ],
  [
    {
      text: "Hi,\nplease find my answer below.\n\nitem: chair\nquantity: 4\nprice: 12.5\n\nBest regards,\nJane Doe\nPhone: +44 20 7946 0000",
    },
    order,
    { item: "chair", quantity: 4, price: 12.5 },
  ],
  [{ text: "Quantity: 4\nItem: chair\nPrice: 12.5\nI mean 5 chairs, not 4." }, order, undefined],
  [{ text: "Item: chair\nQuantity: 4\nPrice: 12.5\nCorrection: quantity 6" }, order, undefined],
  [{ text: "Item\tchair\nQuantity\t4\nPrice\t12.5" }, order, { item: "chair", quantity: 4, price: 12.5 }],
  [{ text: "Item | Quantity | Price\nchair | 4 | 12.5\ntable | 1 | 80" }, order, undefined],
  [{ text: "Item; chair\nQuantity; 4\nPrice; 12.5" }, order, undefined],
  [{ text: "Item → chair\nQuantity → 4\nPrice → 12.5" }, order, { item: "chair", quantity: 4, price: 12.5 }],
  [{ text: "The item is a chair, quantity 4, price 12.5." }, order, undefined],
  [{ text: "Artikel: Stuhl\nMenge: 4\nPreis: 12,5" }, order, undefined],
  [
    { text: '```\n{"item":"chair","quantity":4,"price":12.5}\n```\n\nCheers,\nJ' },
    order,
    { item: "chair", quantity: 4, price: 12.5 },
  ],
  [
    { text: '{"item":"chair","quantity":4,"price":12.5}\n{"item":"chair","quantity":4,"price":12.5}' },
    order,
    { item: "chair", quantity: 4, price: 12.5 },
  ],
  [{ text: '{"item":"chair","quantity":4,"price":12.5}\n\nquantity: 5' }, order, undefined],
  [{ text: '{"item":"chair","quantity":4.0,"price":12.5}' }, order, { item: "chair", quantity: 4, price: 12.5 }],
  [{ text: '{"item":"chair","quantity":"4","price":"12.5"}' }, order, { item: "chair", quantity: 4, price: 12.5 }],
  [{ text: '{"item":"chair","quantity":-4,"price":12.5}' }, order, { item: "chair", quantity: -4, price: 12.5 }],
  [{ text: '{"item":"chair","quantity":4e0,"price":12.5}' }, order, { item: "chair", quantity: 4, price: 12.5 }],
  [
    { text: '{"item":"see https://x.example/a<https://x.example/a>","quantity":4,"price":12.5}' },
    order,
    { item: "see https://x.example/a<https://x.example/a>", quantity: 4, price: 12.5 },
  ],
  [{ text: 'Answer: {"approved": true}' }, approval, { approved: true }],
  [{ text: 'Is {"approved": true} the right format?' }, approval, undefined],
  [{ text: "[X] Approve\n[ ] Reject" }, approval, undefined],
  [{ text: "Approved: Ja\nComment: -" }, commented, { approved: true }],
])("%j", async (mail, schema, data) => {
  const read = await parseStructuredReply(mail, schema);
  expect(read.kind === "parsed" ? read.data : undefined).toEqual(data);
});
