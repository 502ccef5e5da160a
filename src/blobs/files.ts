import { createHash, randomUUID } from "node:crypto";
import { mkdir, open, readFile, rename, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { EmailKitError } from "../errors.ts";
import type { BlobStore } from "./blobs.ts";

/** One file a blob, below `directory`, in folders by the first two hex digits. Written aside and renamed, so that a file is whole or absent. */
export function fileBlobs(directory: string): BlobStore {
  const pathOf = (reference: string) => join(directory, reference.slice(0, 2), reference);
  return {
    async put(content) {
      const reference = createHash("sha256").update(content).digest("hex");
      const path = pathOf(reference);
      if (await exists(path)) return reference;
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const aside = `${path}.${randomUUID()}`;
      const file = await open(aside, "wx", 0o600);
      try {
        await file.writeFile(content);
        await file.datasync();
      } finally {
        await file.close();
      }
      await rename(aside, path);
      return reference;
    },
    async get(reference) {
      if (!/^[0-9a-f]{64}$/.test(reference)) throw new EmailKitError("BLOB_NOT_FOUND", "Not a blob reference.");
      try {
        return await readFile(pathOf(reference));
      } catch (cause) {
        throw new EmailKitError(
          "BLOB_NOT_FOUND",
          `The stored content ${reference} is missing below ${directory}. Was the folder moved without the ledger?`,
          { cause },
        );
      }
    },
  };
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
