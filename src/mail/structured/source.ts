/** Where in a reply the data stood, in the order of trust. */
export type StructuredSource = "attachment" | "fence" | "object" | "fields" | "form" | "words" | "text" | "model";

export interface StructuredAttachment {
  filename: string;
  contentType: string;
  content: Uint8Array | string;
}
