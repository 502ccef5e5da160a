import { createHash } from "node:crypto";
import type { BlobStore } from "../blobs/blobs.ts";
import { EmailKitError } from "../errors.ts";
import { type Database, one } from "./database.ts";

/** Keeps mails and attachments in the ledger's own database: for workers on several machines, which share no folder. */
export function databaseBlobs(db: Database): BlobStore {
  return {
    async put(content) {
      const id = createHash("sha256").update(content).digest("hex");
      const known = await one(db, "SELECT 1 AS found FROM blobs WHERE id = :id", { id });
      if (!known) {
        await db.run("INSERT INTO blobs (id, content) VALUES (:id, :content) ON CONFLICT (id) DO NOTHING", {
          id,
          content,
        });
      }
      return id;
    },
    async get(reference) {
      const row = await one<{ content: Uint8Array }>(db, "SELECT content FROM blobs WHERE id = :reference", {
        reference,
      });
      if (row) return row.content;
      throw new EmailKitError("BLOB_NOT_FOUND", `The ledger ${db.name} holds no content ${reference}.`);
    },
  };
}
