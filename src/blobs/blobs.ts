import { createHash } from "node:crypto";
import { EmailKitError } from "../errors.ts";

/** Holds raw mails and attachments by the SHA-256 of their content. Putting the same content twice stores it once. */
export interface BlobStore {
  /** Resolves when the content is safe on disk. Returns its reference: lower-case hex SHA-256. @throws EmailKitError `BLOB_FAILED`, as for a full disk. */
  put(content: Uint8Array): Promise<string>;
  /** @throws EmailKitError `BLOB_NOT_FOUND`, `BLOB_FAILED`. */
  get(reference: string): Promise<Uint8Array>;
  /**
   * Removes what was last put before that time (milliseconds since the epoch) and is not in use, and resolves with its number. `used` tells of a few hundred references at once
   * which are. Without it nothing is removed.
   */
  sweep?(before: number, used: (references: readonly string[]) => Promise<ReadonlySet<string>>): Promise<number>;
  /** Takes the content out, where it is there: for `kit.forget`. */
  delete(reference: string): Promise<void>;
}

/** The reference of a content, before it is put. */
export function blobReference(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** A store that somebody else wrote: what it rejects with is told from the mistakes of who uses it. */
export function foreignBlobs(store: BlobStore): BlobStore {
  const told = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (cause) {
      if (cause instanceof EmailKitError) throw cause;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new EmailKitError("BLOB_FAILED", `The store given as \`blobs\` failed: ${reason}`, { cause });
    }
  };
  return {
    put: (content) => told(() => store.put(content)),
    get: (reference) => told(() => store.get(reference)),
    delete: (reference) => told(() => store.delete(reference)),
    ...(store.sweep && { sweep: (before, used) => told(() => store.sweep!(before, used)) }),
  };
}
