import { type BlobStore, blobReference } from "../blobs/blobs.ts";
import { EmailKitError } from "../errors.ts";
import { type Database, one, type Sql } from "./database.ts";

const SWEEP_BATCH = 200;

/** Keeps mails and attachments in the ledger's own database. */
export function databaseBlobs(db: Database): Required<BlobStore> {
  return {
    async put(content) {
      const id = blobReference(content);
      // What refers to it is committed after it: it is as durable as that.
      await db.transaction((sql) => insertBlob(sql, id, content), { durable: "soon", quiet: true });
      return id;
    },
    async get(reference) {
      const row = await one<{ content: Uint8Array }>(db, "SELECT content FROM blobs WHERE id = :reference", {
        reference,
      });
      if (row) return row.content;
      throw new EmailKitError("BLOB_NOT_FOUND", `The ledger ${db.name} holds no content ${reference}.`);
    },
    async sweep(before, used) {
      let removed = 0;
      let after = "";
      for (;;) {
        const rows = await db.all<{ id: string }>(
          "SELECT id FROM blobs WHERE id > :after AND put_at < :before ORDER BY id LIMIT :limit",
          { after, before, limit: SWEEP_BATCH },
        );
        const ids = rows.map(({ id }) => id);
        const needed = await used(ids);
        const unused = ids.filter((id) => !needed.has(id));
        // What was put again meanwhile has another time.
        removed += await db.run("DELETE FROM blobs WHERE id IN :unused AND put_at < :before", { unused, before });
        if (ids.length < SWEEP_BATCH) return removed;
        after = ids.at(-1)!;
      }
    },
    async delete(reference) {
      await db.run("DELETE FROM blobs WHERE id = :reference", { reference });
    },
  };
}

async function insertBlob(sql: Sql, id: string, content: Uint8Array): Promise<void> {
  const now = Date.now();
  if ((await sql.run("UPDATE blobs SET put_at = :now WHERE id = :id", { id, now })) > 0) return;
  await sql.run("INSERT INTO blobs (id, content, put_at) VALUES (:id, :content, :now)", { id, content, now });
}
