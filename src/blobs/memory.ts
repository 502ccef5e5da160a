import { createHash } from "node:crypto";
import { EmailKitError } from "../errors.ts";
import type { BlobStore } from "./blobs.ts";

/** For tests and for ledgers in memory. */
export function memoryBlobs(): BlobStore {
  const blobs = new Map<string, Uint8Array>();
  return {
    async put(content) {
      const reference = createHash("sha256").update(content).digest("hex");
      blobs.set(reference, content);
      return reference;
    },
    async get(reference) {
      const content = blobs.get(reference);
      if (!content) throw new EmailKitError("BLOB_NOT_FOUND", `No stored content ${reference}.`);
      return content;
    },
  };
}
