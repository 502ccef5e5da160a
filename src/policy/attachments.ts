/** Which attachments a mail that comes in may have. */
export interface AttachmentRules {
  /** Kinds that may be attached, and no others: content types (`application/pdf`, `image/*`) or extensions (`.csv`). Default: any. */
  allow?: readonly string[];
  /** Kinds that may not be, whatever `allow` says. Default, for a kit: programs, scripts and installers, by extension; for a task: none more. */
  deny?: readonly string[];
  /** The largest attachment, in octets. Default: any that the mail as a whole may have. */
  maxBytes?: number;
}

/**
 * Extensions of programs, scripts, installers and links: those that Gmail takes neither in nor out (support.google.com/mail/answer/6590), without the
 * plain-text ones that people who program mail each other (`.js`, `.mjs`, `.lib`).
 */
export const PROGRAMS: readonly string[] = (
  ".ade .adp .apk .appx .appxbundle .bat .cab .chm .cmd .com .cpl .diagcab .diagcfg .diagpkg .dll .dmg .ex .ex_ .exe .hta .img .ins .iso .isp .jar " +
  ".jnlp .jse .lnk .mde .msc .msi .msix .msixbundle .msp .mst .nsh .pif .ps1 .scr .sct .shb .sys .vb .vbe .vbs .vhd .vxd .wsc .wsf .wsh .xll"
).split(" ");

/** The first kind that is neither a content type nor an extension, and so would fit nothing. */
export function unknownKind({ allow = [], deny = [] }: AttachmentRules): string | undefined {
  return [...allow, ...deny].find((kind) => !/^(?:\.[\w.-]+|[\w.+-]+\/(?:[\w.+-]+|\*))$/.test(kind));
}

/** Why an attachment is refused; undefined where all may pass. Only what a mail says of itself is looked at: archives stay closed. */
export function refusedAttachment(
  attachments: readonly { filename: string; contentType: string; size: number }[],
  rules: AttachmentRules,
): string | undefined {
  for (const { filename, contentType, size } of attachments) {
    const is = (kind: string) => isOfKind({ filename, contentType }, kind);
    if (rules.deny?.some(is)) return `An attachment of this kind is not taken: ${filename} (${contentType}).`;
    if (rules.allow && !rules.allow.some(is))
      return `Only ${rules.allow.join(", ")} is taken: ${filename} (${contentType}).`;
    if (rules.maxBytes !== undefined && size > rules.maxBytes) {
      return `An attachment may have ${rules.maxBytes} octets: ${filename} has ${size}.`;
    }
  }
  return undefined;
}

function isOfKind(attachment: { filename: string; contentType: string }, kind: string): boolean {
  const wanted = kind.toLowerCase();
  // Windows takes trailing dots and blanks for nothing.
  if (wanted.startsWith("."))
    return attachment.filename
      .toLowerCase()
      .replace(/[.\s]+$/, "")
      .endsWith(wanted);
  const type = attachment.contentType.toLowerCase();
  return wanted.endsWith("/*") ? type.startsWith(wanted.slice(0, -1)) : type === wanted;
}
