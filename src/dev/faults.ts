/** What the server does wrong, as plain data: set a field and it takes effect at once. Counts go down by one at each use. */
export interface Faults {
  /** Sign-in is refused, on both protocols. Default: `false`. */
  refuseAuth: boolean;
  /** IDLE is accepted and says nothing; the news come with the next command. Default: `false`. */
  silentIdle: boolean;
  /** So many times, the connection is cut where DATA should be answered with 354: nothing of the mail went out. Default: 0. */
  dropBeforeData: number;
  /** So many times, the mail is taken and the connection is cut before the 250 that would say so. Default: 0. */
  dropAfterData: number;
  /** So many times, the connection is cut after the final dot and the mail is lost. Default: 0. */
  loseAfterData: number;
  /** So many times, a mail is answered with this after the final dot, such as `451 4.3.0 Try again later`. Default: none. */
  refuseData: { times: number; reply: string };
  /** The server puts its own Message-ID in place of the sender's and names it in its 250, as some providers do. Default: `false`. */
  rewriteMessageId: boolean;
  /** Addresses lose their `+subaddress`, in the envelope and in the address fields. Default: `false`. */
  stripSubaddress: boolean;
  /** Addresses lose their upper case, in the envelope and in the address fields. Default: `false`. */
  lowercaseAddresses: boolean;
}

export function noFaults(): Faults {
  return {
    refuseAuth: false,
    silentIdle: false,
    dropBeforeData: 0,
    dropAfterData: 0,
    loseAfterData: 0,
    refuseData: { times: 0, reply: "" },
    rewriteMessageId: false,
    stripSubaddress: false,
    lowercaseAddresses: false,
  };
}
