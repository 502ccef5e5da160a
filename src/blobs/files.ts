import { mkdir, open, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { EmailKitError } from "../errors.ts";
import { type BlobStore, blobReference } from "./blobs.ts";

/** One file a blob, below `directory`, in folders by the first two hex digits. */
export function fileBlobs(directory: string): BlobStore {
  const pathOf = (reference: string) => join(directory, reference.slice(0, 2), reference);
  return {
    async put(content) {
      const reference = blobReference(content);
      try {
        await store(pathOf(reference), reference, content);
      } catch (cause) {
        throw failed(directory, cause);
      }
      return reference;
    },
    async get(reference) {
      if (!/^[0-9a-f]{64}$/.test(reference)) throw new EmailKitError("BLOB_NOT_FOUND", "Not a blob reference.");
      try {
        return await readFile(pathOf(reference));
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw failed(directory, cause);
        throw new EmailKitError(
          "BLOB_NOT_FOUND",
          `The stored content ${reference} is missing below ${directory}. Was the folder moved without the ledger?`,
          { cause },
        );
      }
    },
  };
}

async function store(path: string, reference: string, content: Uint8Array): Promise<void> {
  try {
    await write(path, "wx", content);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      return store(path, reference, content);
    }
    if (code !== "EEXIST") throw error;
    // Whoever wrote it may have died half-way, or be at it: the same octets in the same places do no harm.
    if (blobReference(await readFile(path)) !== reference) await write(path, "r+", content);
  }
}

function failed(directory: string, cause: unknown): EmailKitError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new EmailKitError(
    "BLOB_FAILED",
    `The folder ${directory} failed: ${reason}. Check that it is writable and has space.`,
    { cause },
  );
}

/** Under its name from the start: a file that is renamed after it was written may lose its new name in a power cut. */
async function write(path: string, flag: "wx" | "r+", content: Uint8Array): Promise<void> {
  const file = await open(path, flag, 0o600);
  try {
    await file.writeFile(content);
    await file.datasync();
  } finally {
    await file.close();
  }
}
