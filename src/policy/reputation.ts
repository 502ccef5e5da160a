/** What was counted of an agent in the last seven days, in recipients. */
export interface Reputation {
  sent: number;
  /** Refused for good, or reported as undeliverable for good. */
  bounced: number;
  /** Reported as unwanted (RFC 5965). */
  complained: number;
}

/**
 * From what on an agent harms its domain and its account. Providers ask for less than 5 % bounces and stop a sender at 10 %
 * (https://docs.aws.amazon.com/ses/latest/dg/reputation-dashboard-dg.html), and for less than 0.1 % complaints and never 0.3 %
 * (https://support.google.com/mail/answer/81126).
 */
export interface BreakerLimits {
  /** Share of recipients that bounce. Default: 0.1. */
  bounces?: number;
  /** Share of recipients that complain. One complaint alone stops nothing. Default: 0.003. */
  complaints?: number;
  /** To how many recipients an agent must have sent before its shares say anything. Default: 50. */
  sample?: number;
}

export const BREAKER: Required<BreakerLimits> = { bounces: 0.1, complaints: 0.003, sample: 50 };
/** Of any number, one may be a mistake. */
const LEAST_COMPLAINTS = 2;
export const REPUTATION_MS = 7 * 86_400_000;

/** Why an agent with this reputation is to stop; undefined where it may go on. */
export function reasonToPause(
  limits: Required<BreakerLimits>,
  { sent, bounced, complained }: Reputation,
): string | undefined {
  if (sent < limits.sample) return undefined;
  const share = (n: number) => `${((n / sent) * 100).toFixed(1)} %`;
  if (bounced / sent >= limits.bounces) return `${bounced} of ${sent} recipients bounced (${share(bounced)})`;
  if (complained >= LEAST_COMPLAINTS && complained / sent >= limits.complaints) {
    return `${complained} of ${sent} recipients complained (${share(complained)})`;
  }
  return undefined;
}
