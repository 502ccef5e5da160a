import type { AttachmentRules } from "./attachments.ts";
import type { InjectionScore } from "./injection-score.ts";

/** What is asked of every mail that comes in, before anything of it reaches a graph. */
export interface InboundPolicy {
  /**
   * Says whether a mail is really from the domain in its From, where no `Authentication-Results` of a trusted receiver says it: {@link mailauthVerifier}, or one's own.
   * Default: nobody does, and the grade is B or C.
   */
  verifySender?: SenderVerifier;
  /** Looks at each mail besides the score, such as a classifier or a model. What it says counts where it is stricter. Default: none. */
  judge?: InjectionJudge;
  /** Mails with other attachments are quarantined. Default: `{ deny: PROGRAMS }`. */
  attachments?: AttachmentRules;
  /**
   * The largest mail that is read, in octets, up to 50 MiB. Of a larger one only the header is: a reply is answered with a mail that asks for less (one of the task's
   * `maxClarifications`, and `unparseable` after them), a request to a served agent likewise. Default: 25 MiB.
   */
  maxBytes?: number;
  /**
   * Whether those whom a task has asked are asked by mail about a reply that is quarantined for its sender or its grade: did you send it? Yes lets it through, as
   * `kit.release` does, unless what it says would keep it back; no puts it away; silence leaves it in quarantine. One question at a time for a task, three in all;
   * none to agents of this kit, nor by an agent of whose replies none can have grade B. Default: false.
   */
  confirmSender?: boolean;
}

/** The same, with its defaults. */
export type InboundRules = InboundPolicy & Required<Pick<InboundPolicy, "attachments" | "maxBytes">>;

/** `raw`: the mail's bytes. "none" where nothing can be said. It may look up DNS; a rejection counts as "none", and so does what takes longer than 30 seconds. */
export type SenderVerifier = (raw: Uint8Array) => Promise<"pass" | "fail" | "none">;

/** Within 30 seconds; a mail whose judge fails is quarantined. */
export type InjectionJudge = (mail: JudgedMail) => Promise<InjectionScore["band"]>;

export interface JudgedMail {
  /** The agent that it came to. */
  agent: string | undefined;
  /** The name of the task that it answers; undefined for a request. */
  task: string | undefined;
  from: string | undefined;
  subject: string;
  /** What its author wrote, without history and signature. Untrusted. */
  text: string;
  attachments: readonly { filename: string; contentType: string; size: number }[];
  score: Pick<InjectionScore, "score" | "band"> & { rules: readonly string[] };
}
