/** A generator of numbers in [0, 1) that gives the same ones for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const PIECES = [
  "Yes, please.",
  "On Mon, May 5, 2025 at 10:12 AM Jane <jane@example.com> wrote:",
  "Am 05.05.2025 um 10:12 schrieb Jane <jane@example.com>:",
  "> quoted words",
  "> > deeper",
  "From: Jane <jane@example.com>",
  "Sent: Monday, 5 May 2025",
  "To: me@example.com",
  "Subject: chairs",
  "-----Original Message-----",
  "-- ",
  "--",
  "Jane Doe",
  "Sent from my iPhone",
  "This e-mail is confidential.",
  "[EXTERNAL]",
  "```",
  "{",
  '  "approved": true',
  "}",
  "",
  "",
  "________________________________",
  "approved: yes",
  "<div>",
  "</blockquote>",
  "Best regards,",
  "漢字の行",
  "Your code is 481 516",
  '<a href="https://example.com/verify?token=x">Verify</a>',
];

/** Lines as mails hold them, in no order that makes sense. */
export function mailSoup(random: () => number): string {
  const lines = Array.from(
    { length: 1 + Math.floor(random() * 24) },
    () => PIECES[Math.floor(random() * PIECES.length)] ?? "",
  );
  return lines.join(random() < 0.2 ? "\r\n" : "\n");
}
