import type { Finding } from "./lexical.ts";

interface StructuralRule {
  rule: string;
  pattern: RegExp;
  weight: number;
}

/** Marks that no person's mail bears. Each pattern is tried at the start of a run only, or has a bounded length, so that a scan is linear. */
const STRUCTURAL_RULES: readonly StructuralRule[] = [
  {
    rule: "chat-template",
    pattern:
      /<\|[a-z_/ ]{2,24}\|>|\[\/?INST\]|<<\/?SYS>>|<\/?s>\s?\[INST|<(?:start|end)_of_turn>|\[\/?(?:SYSTEM|ASSISTANT)(?:[_ ](?:PROMPT|MESSAGE|INSTRUCTIONS?|OVERRIDE))?\]|\{\{#?(?:system|assistant|user)(?:~|\}\})|<\uFF5C[^<>\uFF5C\n]{2,40}\uFF5C>/gi,
    weight: 0.6,
  },
  {
    rule: "false-role-block",
    pattern:
      /<\/?(?:system|assistant|instructions|information|important|system[-_ ]?(?:prompt|message|instructions?|note|override)|user[-_]?(?:input|query|message)|(?:un)?trusted[-_]?\w{0,16}|e-?mail|tool[-_]?(?:call|result|response|use)|function[-_]?(?:call|calls|results?)|context|external[-_]?\w{0,12}|admin|prompt)(?:\s[^<>\n]{0,60})?>|###\s?\(?(?:system|instructions?|assistant|new instructions?|response|end of)[^\n]{0,24}|"role"\s?:\s?"(?:system|assistant|tool)"|"(?:tool_calls|function_call)"\s?:/gi,
    weight: 0.52,
  },
  {
    // What frameworks write where a model calls a function, and names of functions in a command to call one.
    rule: "false-call",
    pattern:
      /^(?:Action Input|Observation|Final Answer)\s?:|(?<=\b(?:delete|send|create|update|forward|transfer|grant|run|remove|export|share))_[a-z_]{2,30}\b(?<=\b(?:call|invoke|execute|trigger|rufe?|appelle|llama|ejecuta|esegui)\b[^.\n]{2,60})|<(?:command|invoke|execute)\b[^<>\n]{0,80}>/gim,
    weight: 0.4,
  },
  {
    // A picture or link into which the reader is to write what it knows.
    rule: "open-link",
    pattern:
      /\]\([^)\s]{4,200}\{[^{})]{1,60}\}[^)\n]{0,100}\)|!\[[^\]\n]{0,60}\]\([^)\s]{4,200}=[A-Z]{3,}_[A-Z_]{3,60}\)/g,
    weight: 0.52,
  },
  {
    // The same in a plain link: a parameter without a value, or with one that is described.
    rule: "open-parameter",
    pattern:
      /\bhttps?:\/\/[^\s<>"]{4,200}(?:[?&]\w{1,20}=(?=[\s)"'”]|$)|[=/][{<][^{}<>\n]{2,30} [^{}<>\n]{2,60}[}>])/gim,
    weight: 0.42,
  },
  {
    // A setting by which a guard is off, or nobody is told.
    rule: "guards-off",
    pattern:
      /(?<=\b(?:rules?|filters?|guardrails?|guard|safety|moderation|restrictions?|persona|refus\w{1,4}|override|confirm_?\w{0,14}|notify_?\w{0,14}|tell_?\w{0,14})["']?\s?)[=:]\s?["']?(?:off|none|false|null|disabled|no|zero|true)\b/gi,
    weight: 0.36,
  },
  {
    rule: "hidden-markup",
    pattern:
      /<\w{1,10}\s[^<>\n]{0,80}(?:display:\s?none|font-size:\s?0|visibility:\s?hidden|aria-hidden="true"|color:\s?(?:#fff|white))[^<>\n]{0,60}>[^<\n]{20}/gi,
    weight: 0.4,
  },
  {
    // A talk that never took place: both sides of it are in the mail.
    rule: "false-exchange",
    pattern:
      /(?<=\b(?:user|human|moi|nutzer|utilisateur|usuario|utente|gebruiker|пользователь)\s?):\s[^\n]{1,200}?\b(?:assistant|ai|ia|ki|bot|model)\s?:/gi,
    weight: 0.34,
  },
  {
    rule: "system-notice",
    pattern:
      /[[({<*#]{1,3}\s?(?:system|assistant|agent|admin)[ _](?:notification|notice|message|update|override|instruction|directive|command)s?\b/gi,
    weight: 0.35,
  },
  {
    rule: "false-dialogue",
    pattern:
      /^[ \t>*#"']{0,6}(?:system|assistant|ai|human|chatgpt|gpt|claude|bot)(?:\s?\([^)\n]{0,20}\))?[ \t*]{0,3}:[ \t*]{0,3}\S/gim,
    weight: 0.2,
  },
  {
    rule: "false-boundary",
    pattern:
      /(?:(?<![-=*_#~])[-=*_#~]{3,}|(?<![<>[{(])[<>[{(]{2,})[ \t]{0,3}(?:end|begin|start|stop|finish|new|ende|einde|fin|fim|fine|koniec|конец)[ \t_]{1,3}(?:of|der|de la|du|del|do|van)?[ \t_]{0,3}(?:the[ \t_]{1,3})?(?:(?:un)?trusted|privileged|nachricht|e-mail|bijlage|bericht|документа|quoted|user|system|email|e-mail|mail|message|document|context|input|instructions?|prompt|data|text|conversation|session|task)\b/gi,
    weight: 0.35,
  },
];

const MOST_MATCHES = 20;

export function structuralFindings(text: string): Finding[] {
  const found: Finding[] = [];
  for (const { rule, pattern, weight } of STRUCTURAL_RULES) {
    let matches = 0;
    for (const match of text.matchAll(pattern)) {
      found.push({ rule, weight, span: [match.index, match.index + match[0].length] });
      if (++matches >= MOST_MATCHES) break;
    }
  }
  return found;
}
