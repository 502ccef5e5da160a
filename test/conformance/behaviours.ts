import type { ReplyOptions } from "../../src/testing/reply-as.ts";
import type { Grade } from "../../src/policy/assurance.ts";

/** What a program, a provider or something between does to a task mail, and to the reply. */
export interface Behaviour {
  name: string;
  group: "Mail programs" | "Providers and relays" | "Between" | "People";
  /** What happens to the task mail before its reader sees it: fields by name; an empty value takes the field out. */
  task?(fields: TaskFields): Record<string, string>;
  /** How the reply differs from the one that a program writes which keeps everything. */
  reply(context: ReplyContext): Partial<ReplyOptions>;
  /** What must become of it, however the text is written. */
  expected: Expected;
}

export interface TaskFields {
  messageId: string;
  references: string;
  replyTo: string;
}

export interface ReplyContext extends TaskFields {
  /** The desk's address without its subaddress. */
  desk: string;
  /** The person who was asked. */
  person: string;
  /** Something different for each reply. */
  unique: string;
}

/** `settled` with a grade; or kept from the graph until a person lets it through. */
export type Expected = { disposition: "settled"; grade: Grade } | { disposition: "quarantined" };

const settled = (grade: Grade): Expected => ({ disposition: "settled", grade });
const quarantined: Expected = { disposition: "quarantined" };

/** RFC 5322 section 3.6.4, as most programs do it. */
const asTheStandardSays = () => ({});
/** No References at all, as old Outlook and iOS do at times. */
const noReferences = () => ({ References: "" });
const noIds = { References: "", "In-Reply-To": "" };

/** A provider that puts an id of its own in the place of ours; the task mail arrives with that. */
const replacedId =
  (domain: string) =>
  ({ messageId }: TaskFields): Record<string, string> => ({
    "Message-ID": `<${Buffer.from(messageId).toString("hex").slice(0, 40)}@${domain}>`,
  });

const lowerCase = ({ replyTo }: TaskFields): Record<string, string> => ({ "Reply-To": replyTo.toLowerCase() });
const withoutSubaddress = ({ replyTo }: TaskFields): Record<string, string> => ({
  "Reply-To": replyTo.replace(/\+[^@]+@/, "@"),
});

export const BEHAVIOURS: readonly Behaviour[] = [
  // Mail programs: they answer to Reply-To, and keep References and In-Reply-To, or part of them.
  ...(
    [
      ["Gmail, web", { client: "gmail" }],
      ["Gmail, Android and iOS", { client: "gmail" }],
      ["Outlook for Windows (classic)", { client: "outlook" }],
      ["Outlook, web", { client: "outlook" }],
      ["Outlook, iOS and Android", { client: "outlook" }],
      ["Apple Mail, macOS", { client: "apple" }],
      ["Thunderbird", { client: "thunderbird" }],
      ["mutt, plain text", { client: "plain" }],
      ["Yahoo Mail, web", { client: "gmail" }],
      ["Proton Mail", { client: "gmail" }],
      ["Zoho Mail", { client: "gmail" }],
    ] as const
  ).map(([name, options]): Behaviour => ({
    name,
    group: "Mail programs",
    reply: () => options,
    expected: settled("B"),
  })),
  {
    name: "iOS Mail that drops References",
    group: "Mail programs",
    reply: () => ({ client: "apple", headers: noReferences() }),
    expected: settled("B"),
  },
  {
    name: "Old Outlook that drops References and In-Reply-To",
    group: "Mail programs",
    reply: () => ({ client: "outlook", headers: { ...noIds, "Thread-Index": "AQHbC0mR0n9Uq0mYv1m9mF2y8e3q9A==" } }),
    expected: settled("B"),
  },
  {
    name: "A program that answers to From and not to Reply-To",
    group: "Mail programs",
    reply: ({ desk }) => ({ to: desk }),
    expected: settled("C"),
  },
  {
    name: "A program that answers to From, and sends the bare answer without any id",
    group: "Mail programs",
    reply: ({ desk }) => ({ to: desk, headers: noIds, quote: false }),
    expected: quarantined,
  },

  // Providers and relays: what they do on the way out.
  {
    name: "Amazon SES: another Message-ID",
    group: "Providers and relays",
    task: replacedId("email.amazonses.com"),
    reply: asTheStandardSays,
    expected: settled("B"),
  },
  {
    name: "Amazon SES, and answered to From: only our id in References is left",
    group: "Providers and relays",
    task: replacedId("email.amazonses.com"),
    reply: ({ desk }) => ({ to: desk }),
    expected: settled("C"),
  },
  {
    name: "Amazon SES, answered by iOS Mail to From without References: only the reference in the quoted text is left",
    group: "Providers and relays",
    task: replacedId("email.amazonses.com"),
    reply: ({ desk }) => ({ to: desk, client: "apple", quote: true, headers: noReferences() }),
    expected: settled("C"),
  },
  {
    name: "Outlook.com, Microsoft 365: another Message-ID, ours in X-Microsoft-Original-Message-ID",
    group: "Providers and relays",
    task: replacedId("AM0PR01MB0001.eurprd01.prod.outlook.com"),
    reply: ({ desk, messageId }) => ({
      to: desk,
      client: "outlook",
      headers: { ...noReferences(), "X-Microsoft-Original-Message-ID": messageId },
    }),
    expected: settled("C"),
  },
  {
    name: "Mailjet, Mandrill: another Message-ID that nobody tells",
    group: "Providers and relays",
    task: replacedId("mailjet.example"),
    reply: ({ messageId }) => ({ headers: { References: messageId.replace("@", ".x@") } }),
    expected: settled("B"),
  },
  {
    name: 'A provider without subaddresses (`replyTo: "none"`)',
    group: "Providers and relays",
    task: withoutSubaddress,
    reply: asTheStandardSays,
    expected: settled("C"),
  },

  // Between: gateways, lists, forwarders.
  {
    name: "A gateway that writes addresses in lower case",
    group: "Between",
    task: lowerCase,
    reply: asTheStandardSays,
    expected: settled("B"),
  },
  {
    name: "A gateway that takes subaddresses away",
    group: "Between",
    reply: ({ desk }) => ({ to: desk }),
    expected: settled("C"),
  },
  {
    name: "A forwarder: the token stands in Delivered-To alone",
    group: "Between",
    reply: ({ desk, replyTo }) => ({ to: desk, headers: { ...noIds, "Delivered-To": replyTo } }),
    expected: settled("B"),
  },
  {
    name: "A security gateway that writes a banner and rewrites links",
    group: "Between",
    reply: () => ({ headers: { Subject: "[EXTERNAL] Re: Please approve" } }),
    expected: settled("B"),
  },
  {
    name: "A ticket system: new ids, its own subject, the original quoted",
    group: "Between",
    reply: ({ unique }) => ({
      subject: `[Ticket#${unique}] Please approve`,
      quote: true,
      headers: { References: `<${unique}@tickets.b.example>`, "In-Reply-To": `<${unique}@tickets.b.example>` },
    }),
    expected: settled("B"),
  },
  {
    name: "A list that rewrites From (DMARC)",
    group: "Between",
    reply: ({ person }) => ({
      from: `Person via Team <team@lists.example>`,
      headers: { "X-Original-From": person, "List-Id": "Team <team.lists.example>", Precedence: "list" },
    }),
    expected: quarantined,
  },
  {
    name: "A list that keeps From",
    group: "Between",
    reply: () => ({ headers: { "List-Id": "Team <team.lists.example>", Precedence: "list" } }),
    expected: settled("B"),
  },

  // People.
  {
    name: "Reply to all: the token stands in Cc",
    group: "People",
    reply: ({ replyTo }) => ({ to: "colleague@b.example", cc: [replyTo], headers: noIds }),
    expected: settled("B"),
  },
  {
    name: "A new subject",
    group: "People",
    reply: () => ({ subject: "About the laptops" }),
    expected: settled("B"),
  },
  {
    name: "An assistant on behalf of the person (Sender)",
    group: "People",
    reply: () => ({ headers: { Sender: "assistant@b.example" } }),
    expected: settled("B"),
  },
  {
    name: "An assistant under their own address",
    group: "People",
    reply: () => ({ from: "assistant@b.example" }),
    expected: quarantined,
  },
  {
    name: "Forwarded to a colleague, who answers",
    group: "People",
    reply: ({ desk }) => ({ from: "colleague@b.example", to: desk, subject: "Re: Fwd: Please approve" }),
    expected: quarantined,
  },
  {
    name: "The person's other address",
    group: "People",
    reply: ({ person }) => ({ from: person.replace("@b.example", "@private.example") }),
    expected: quarantined,
  },
  {
    name: "A stranger who saw the mail",
    group: "People",
    reply: () => ({ from: "mallory@elsewhere.example" }),
    expected: quarantined,
  },
  {
    name: "A new mail with the same subject, without any id",
    group: "People",
    reply: ({ desk }) => ({ to: desk, subject: "Please approve", headers: noIds, quote: false }),
    expected: quarantined,
  },
];
