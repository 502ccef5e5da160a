import { EmailKitError } from "../errors.ts";
import type { ComposeAttachment } from "./compose.ts";

/** The attachment by which a task mail gives data to a program: a JSON object. What answers it is `reply.json`. */
export const REQUEST_DATA_FILENAME = "request.json";

/** Data of a task: for programs as an attachment, for people as lines of text. @throws EmailKitError `INVALID_MESSAGE` for what is no JSON object. */
export function requestData(data: object): { attachment: ComposeAttachment; text: string } {
  const content = jsonOf(data);
  // As they are sent: a date is text by then.
  const sent: unknown = content?.startsWith("{") ? JSON.parse(content) : undefined;
  if (content === undefined || sent === undefined) {
    throw new EmailKitError("INVALID_MESSAGE", "The data of a task must be an object that JSON can say.");
  }
  const attachment = { filename: REQUEST_DATA_FILENAME, contentType: "application/json", content };
  return { attachment, text: dataLines(sent as object) };
}

function jsonOf(data: object): string | undefined {
  try {
    return JSON.stringify(data, null, 2);
  } catch {
    return undefined;
  }
}

/** Each value as JSON, so that none can pass for another line; and not as `name: value`, which quoted in a reply would pass for its answer. */
export function dataLines(data: object): string {
  return Object.entries(data)
    .map(([name, value]) => `  ${name} → ${JSON.stringify(value)}`)
    .join("\n");
}
