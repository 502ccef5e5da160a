import { createHash } from "node:crypto";

/** Holds raw mails and attachments by the SHA-256 of their content. Putting the same content twice stores it once. */
export interface BlobStore {
  /** Resolves when the content is safe on disk. Returns its reference: lower-case hex SHA-256. @throws EmailKitError `BLOB_FAILED`, as for a full disk. */
  put(content: Uint8Array): Promise<string>;
  /** @throws EmailKitError `BLOB_NOT_FOUND`, `BLOB_FAILED`. */
  get(reference: string): Promise<Uint8Array>;
}

/** The reference of a content, before it is put. */
export function blobReference(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
