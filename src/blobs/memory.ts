import { EmailKitError } from "../errors.ts";
import { type BlobStore, blobReference } from "./blobs.ts";

/** For tests and for ledgers in memory. */
export function memoryBlobs(): BlobStore {
  const blobs = new Map<string, Uint8Array>();
  return {
    async put(content) {
      const reference = blobReference(content);
      blobs.set(reference, content);
      return reference;
    },
    async get(reference) {
      const content = blobs.get(reference);
      if (!content) throw new EmailKitError("BLOB_NOT_FOUND", `No stored content ${reference}.`);
      return content;
    },
    async delete(reference) {
      blobs.delete(reference);
    },
  };
}
