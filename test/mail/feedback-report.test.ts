import { expect, test } from "vitest";
import { readFeedbackReport } from "../../src/mail/feedback-report.ts";
import { mailOf, reportOf } from "./samples.ts";

test("a complaint with what it names", async () => {
  const report = readFeedbackReport(
    await reportOf({
      "text/plain": "A complaint.",
      "message/feedback-report":
        "Feedback-Type: Abuse\nUser-Agent: x\nOriginal-Rcpt-To: <ann@b.example>\nOriginal-Rcpt-To: rfc822; bob@b.example\nRemoval-Recipient: ann@b.example\nOriginal-Rcpt-To: redacted",
      "message/rfc822": "Message-ID: <t7@a.example>\nFrom: desk@a.example\n\nHi",
    }),
  );
  expect(report).toMatchObject({
    feedbackType: "abuse",
    originalRecipients: ["ann@b.example", "bob@b.example"],
    original: { messageIds: ["<t7@a.example>"] },
  });
});

test("a report without a type is of another", async () => {
  expect(readFeedbackReport(await reportOf({ "message/feedback-report": "Version: 1" }))).toMatchObject({
    feedbackType: "other",
    originalRecipients: [],
  });
});

test("an ordinary mail is none", async () => {
  expect(readFeedbackReport(await mailOf("From: ann@b.example\n\nFeedback-Type: abuse"))).toBeUndefined();
});
