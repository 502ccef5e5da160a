export interface DeliveryCause {
  /** The code of RFC 3463 that says the same. */
  status: string;
  /** Whether the address is at fault and will stay so. */
  permanent: boolean;
}

/** Says no more than that it was refused. */
const REFUSED: DeliveryCause = { status: "5.7.1", permanent: false };

/**
 * What refusing servers write, most telling first: a text that names both a full mailbox and an unknown user is about the first. The words are those of the
 * common mail servers and large providers, in the languages in which they write them.
 */
const CAUSES: readonly [pattern: RegExp, cause: DeliveryCause][] = [
  [
    /mail ?box (?:is |was )?(?:currently )?(?:full|exceed(?:ed|s)|over)|(?:over|exceed(?:s|ed|ing)?|out of)\b.{0,40}\b(?:quota|storage|mailbox size|disk space)|quota.{0,30}(?:exceed|full|reached|limit)|mailfolder is full|mail ?box.{0,30}(?:size )?limit|insufficient (?:system )?(?:storage|disk)|not enough (?:disk |storage )?space|user has too many messages|postfach (?:ist )?voll|(?:bo[iî]te|bo[iî]te de r[ée]ception) (?:est )?pleine|buz[oó]n (?:est[aá] )?lleno|casella.{0,20}piena|caixa.{0,20}cheia|postvak.{0,20}vol\b|skrzynka.{0,20}(?:pełna|przepełniona)|переполнен|容量|いっぱい|已满|已滿|空间不足|용량/iu,
    { status: "5.2.2", permanent: false },
  ],
  [
    /message (?:is |was )?(?:too (?:big|large)|size exceeds|exceeds)|(?:size|length).{0,30}(?:exceed|limit)|exceeds.{0,30}(?:size|limit)|too large|nachricht.{0,20}zu gro[sß]/iu,
    { status: "5.3.4", permanent: false },
  ],
  [
    /(?<!your )\b(?:mailbox|account|user)\b(?: (?:<[^<>]{1,254}>|[^\s<>]{1,254}@[^\s<>]{1,254}))?(?: is| has been| was)? (?:currently )?(?:locked|frozen|suspended|terminated|deactivated|deleted|closed|expired|blocked due to inactivity)/iu,
    { status: "5.2.1", permanent: true },
  ],
  [
    /sender(?:'s)?(?: (?:e?-?mail|address|domain|verif\w+)){0,3}:? (?:<[^<>]{0,254}> )?(?:is )?(?:rejected|denied|failed|fail|invalid|unknown|not (?:allowed|authori[sz]ed|permitted|verified|accepted)|does ?n[o'’]t exist)|sender verif|domain of sender|callback setup failed|verification failed for/iu,
    { status: "5.1.8", permanent: false },
  ],
  [
    /spam|blocked|black ?list|block ?list|blocklist|denylist|\brbl\b|spamhaus|spamcop|barracuda|reputation|bulk mail|unsolicited|content (?:rejected|filter)|virus|malware|banned|poor sender|suspicious|filtered|(?<!not )listed (?:at|in|by|on)/iu,
    { status: "5.7.1", permanent: false },
  ],
  [
    /\b(?:spf|dkim|dmarc)\b|authentication (?:required|failed|checks?)|unauthenticated|reverse dns|\bptr\b|fcrdns|helo.{0,30}(?:invalid|reject|denied)|starttls|\btls\b.{0,30}(?:required|failed)/iu,
    { status: "5.7.1", permanent: false },
  ],
  [
    /gr[ea]ylist|excessive|try again later|temporar(?:y|ily)|rate ?limit|too many (?:connections|messages|recipients|emails|errors)|throttl|deferr|exceeded.{0,30}rate|resources? (?:temporarily|unavailable)|please retry/iu,
    { status: "4.7.0", permanent: false },
  ],
  [
    /(?:host|domain|destination server)\b[^:;[\]<>()@,]{0,40}?(?:unknown|not (?:be )?(?:found|exist|resolve)|does ?n[o'’]t exist|invalid|non-?existent)|(?:unknown|no such|invalid|non-?existent) (?:host|domain)|couldn'?t find any host|name or service not known|nxdomain|no (?:mx|a|address) records?|(?:all )?relevant mx records point|dns (?:lookup|error|type)|domain name not found|not hosted (?:here|on|by)|name (?:server|service) (?:error|lookup)|unrouteable|unroutable|does not accept (?:e-?)?mail|nullmx|null mx/iu,
    { status: "5.1.2", permanent: true },
  ],
  [
    /has (?:been )?moved|moved to|address (?:has )?changed|no longer (?:at|with|works|valid|in use|active|here|on|exists?|available|employed|accept|receiv)|has left (?:the|our)|has been replaced by|new (?:e-?mail )?address/iu,
    { status: "5.1.6", permanent: true },
  ],
  [
    /(?:user|recipient|\brcpt|receiver|subscriber|mailbox|account|address|addressee|alias|empf[aä]nger|destinatario|destinataire|adres(?:s|se)?|utilisateur|usu[aá]rio|utente|utilizador|benutzer)(?:e?s)?\b.{0,80}?(?:unknown|not? (?:be )?(?:found|exist|known|listed|local|valid|recogni[sz]ed|here|such)|doe?s ?n[o'’]?t (?:exist|have)|(?:could|can|was)n['’]?t (?:be )?(?:found|located)|is (?:invalid|not allowed to receive|inactive|disabled|not (?:a )?(?:known|valid|activ(?:e|ated)|registered))|invalid|unavailable|disabled|inactive|suspended|discontinued|closed|rejected|unbekannt|nicht (?:gefunden|vorhanden|bekannt)|existiert nicht|inconnue?|n['’]existe pas|desconocid[oa]|desconhecid[oa]|no existe|sconosciut[oa]|non esiste|inesistente)/iu,
    { status: "5.1.1", permanent: true },
  ],
  [
    /(?:no such|unknown|invalid|non-?existent|undeliverable|unresolvable|inactive|disabled|bad(?: destination)?|illegal) (?:local )?(?:user|mailbox|recipient|account|address|subscriber|person|alias|name|e-?mail|destination)|(?:no|not a|isn'?t a) (?:mailbox|(?:valid|known|local|active) (?:mailbox|recipient|user|account)|account|user)\b|couldn'?t find (?:a|the|that)? ?(?:user|mailbox|recipient)|wasn'?t found (?:at|in)|not in (?:the )?(?:directory|address book)|not listed in|(?:doesn'?t|does not|didn'?t) have (?:an?|the) .{0,40}(?:account|mailbox|address)|no (?:valid )?recipients?|name (?:was |is )?not (?:found|recogni[sz]ed|known)|unknown to|resolver\.adr\.|nosuchuser|recipnotfound|user ?unknown|\bnot our (?:customer|user)\b|unknown local ?part|mailbox (?:is )?not available|@\S{1,253} is (?:not (?:a )?valid|invalid|unknown)|não (?:existe|(?:foi |pôde ser )?(?:encontrad|localizad))|inexistante?|ine[sx]istente|onbekend|okänd|uk(?:endt|jent)|nieznan|neznám|ismeretlen|unbekannte?[rn]? (?:empfänger|benutzer|adresse)|nie (?:istnieje|znaleziono)|niet gevonden|bestaat niet|hittades inte|f[ie]nn?es ikke|ikke (?:blev |ble )?fun[dn]et|ei löytynyt|nem (?:található|létezik)|nebyl[aoy]? nalezen|bulunamadı|neexistuje|nenalezen|не (?:найден|знайден|существу|існує)|неизвест|несъществ|宛先|存在し(?:ない|ません)|見つか(?:らない|らず|りません)|不存在|존재하지 않/iu,
    { status: "5.1.1", permanent: true },
  ],
  [
    /timed? ?out|timeout|expired|retry (?:time(?:out)?|limit)|too long (?:on|in) (?:the )?(?:system|queue)|in (?:the )?queue too long|undelivered for|could not be delivered for|not been (?:collected|delivered) (?:after|for)|delivery (?:time|attempt)s?.{0,20}exceeded|giving up|been trying/iu,
    { status: "4.4.7", permanent: false },
  ],
  [
    /connection (?:refused|reset|closed|lost|dropped)|connect(?:ion)? (?:to|attempt|failed)|no route to host|network (?:is )?unreachable|host (?:is )?(?:down|unreachable|not responding)|not responding|server (?:is )?(?:down|unavailable|busy)|lost connection/iu,
    { status: "4.4.1", permanent: false },
  ],
  [
    /relay(?:ing)?.{0,20}(?:denied|not (?:permitted|allowed)|prohibited)|denied relay|not (?:a )?local domain|(?:mail )?loop|too many hops|access denied|denied|refused|rejected|not (?:allowed|permitted|authori[sz]ed)|policy|prohibited/iu,
    REFUSED,
  ],
];

const CAUSE_LIMIT = 4000;

/** The cause that a refusing server's words give away; `undefined` where they say nothing known. */
export function causeOf(text: string): DeliveryCause | undefined {
  const line = text.slice(0, CAUSE_LIMIT).replace(/\s+/g, " ");
  return CAUSES.find(([pattern]) => pattern.test(line))?.[1];
}

/** RFC 3463 codes that are about the address itself: 5.1.x without the sender's side (5.1.7 and 5.1.8), 5.2.1 (disabled), 5.4.4 (no route). */
const ADDRESS_STATUS = /^5\.(?:1\.(?:0|1|2|3|4|6|10)|2\.1|4\.4)$/;
/** Codes that are about something else, whatever the words beside them; 5.3.0 is none, which sendmail's rules give to everything. */
const OTHER_STATUS = /^(?:4\.[2-7]|[45]\.1\.[78]|5\.(?:2\.[23]|3\.[1-9]|4\.[67]|6\.))/;

/**
 * Whether a failed delivery is the address's fault, by the words and the code together, since one server writes 5.0.0 for everything and another 5.1.1.
 * Where neither says so it is not: an address that works is worth more than one attempt too many.
 */
export function isPermanentFailure(status: string | undefined, diagnostic: string | undefined): boolean {
  const cause = diagnostic === undefined ? undefined : causeOf(diagnostic);
  // `5.0.0` says nothing, and the refusing server's own words may hold its code.
  const code =
    status === undefined || /^[45]\.0\.0$/.test(status)
      ? (/(?:^|[^\d.])([45]\.[1-7]\.\d{1,3})(?![\d.])/.exec(diagnostic?.slice(0, CAUSE_LIMIT) ?? "")?.[1] ??
        status ??
        "")
      : status;
  if (ADDRESS_STATUS.test(code)) return cause === undefined || cause.permanent || cause === REFUSED;
  if (OTHER_STATUS.test(code)) return false;
  if (cause !== undefined) return cause.permanent;
  // RFC 5321 section 4.2.3: 550, 551 and 553 are about the mailbox.
  return status === undefined && /(?:^|\D)55[013]\D/.test(`${diagnostic ?? ""} `);
}
