import { EmailKitError } from "../errors.ts";
import type { BlobStore } from "./blobs.ts";

/** Octets up to which SQLite is quicker with contents than files are: https://sqlite.org/intern-v-extern-blob.html */
const SMALL = 100_000;

/** Keeps small contents, as nearly all mails are, in one store, and the others in another. */
export function blobsBySize(small: Required<BlobStore>, large: Required<BlobStore>): BlobStore {
  return {
    put: (content) => (content.byteLength <= SMALL ? small : large).put(content),
    get: (reference) =>
      small.get(reference).catch((error: unknown) => {
        if (error instanceof EmailKitError && error.code === "BLOB_NOT_FOUND") return large.get(reference);
        throw error;
      }),
    sweep: async (before, used) => (await small.sweep(before, used)) + (await large.sweep(before, used)),
    async delete(reference) {
      await small.delete(reference);
      await large.delete(reference);
    },
  };
}
