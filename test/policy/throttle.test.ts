import { expect, it } from "vitest";
import { type Refusal, throttleOf } from "../../src/policy/throttle.ts";

const of = (response: string, refused?: unknown[]): Refusal => {
  const [, code, status] = /^(\d{3})(?: (\d\.\d+\.\d+))?/.exec(response)!;
  return {
    replyCode: Number(code),
    ...(status && { enhancedStatus: status }),
    diagnostic: response,
    ...(refused && { refused }),
  };
};

it.each([
  ["421 4.7.0 Try again later, closing connection.", "rate"],
  ["421 Service not available", "rate"],
  ["450 4.7.1 Error: too much mail from 192.0.2.1", "rate"],
  ["451 4.7.0 Temporary server error. Please try again later", "rate"],
  ["452 4.3.1 Insufficient system storage", "rate"],
  ["454 4.7.0 Too many login attempts, please try again later.", "rate"],
  ["432 4.7.0 Concurrent connections limit", "rate"],
  ["550 5.4.5 Daily user sending limit exceeded. For more information on Gmail sending limits go to", "quota"],
  ["550 5.1.90 Your message can't be sent because you've reached your daily limit for message recipients", "quota"],
  ["554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException", undefined],
  ["554 SubmissionQuotaExceededException; Failed to process message", "quota"],
  ["451 4.3.0 Try again later", undefined],
  ["452 4.2.2 The email account that you tried to reach is over its quota", undefined],
  ["552 5.3.4 Message size exceeds fixed maximum message size", undefined],
  ["554 5.7.1 Message rejected as spam", undefined],
  ["550 5.1.1 User unknown", undefined],
])("%s → %s", (response, expected) => {
  expect(throttleOf(of(response))).toBe(expected);
});

it.each([
  ["451 4.7.1 Greylisted, try again later", undefined],
  ["450 4.1.1 Recipient address rejected: unverified address", undefined],
  ["450 4.7.1 Error: too many recipients from 192.0.2.1", "rate"],
  ["421 4.7.0 Closing", "rate"],
])("of a recipient: %s → %s", (response, expected) => {
  expect(throttleOf(of(response, [{}]))).toBe(expected);
});

it("is nothing that a connection error tells", () => {
  expect(throttleOf({ diagnostic: "connect ECONNREFUSED" })).toBeUndefined();
});
