import { access, mkdir, open, readdir, readFile, rename, rm, stat, unlink, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import { EmailKitError } from "../errors.ts";
import { type BlobStore, blobReference } from "./blobs.ts";

/** One file a blob, below `directory`, in folders by the first two hex digits. */
export function fileBlobs(directory: string): Required<BlobStore> {
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
    async sweep(before, used) {
      let removed = 0;
      try {
        for await (const references of oldBlobs(directory, before)) {
          const needed = await used(references);
          for (const reference of references) {
            if (!needed.has(reference) && (await remove(pathOf(reference), before))) removed += 1;
          }
        }
      } catch (cause) {
        throw cause instanceof EmailKitError ? cause : failed(directory, cause);
      }
      return removed;
    },
    async delete(reference) {
      if (/^[0-9a-f]{64}$/.test(reference)) await rm(pathOf(reference), { force: true });
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
    await again(path, reference, content);
  }
}

/** Whoever wrote it may have died half-way, or be at it: the same octets in the same places do no harm. */
async function again(path: string, reference: string, content: Uint8Array): Promise<void> {
  try {
    if (blobReference(await readFile(path)) !== reference) await write(path, "r+", content);
    // It was put now, for whoever sweeps.
    await utimes(path, new Date(), new Date());
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    await store(path, reference, content);
  }
}

const SWEEP_BATCH = 200;
const GONE = ".gone";

async function* oldBlobs(directory: string, before: number): AsyncGenerator<string[]> {
  let batch: string[] = [];
  for (const folder of await readdir(directory).catch(() => [])) {
    if (!/^[0-9a-f]{2}$/.test(folder)) continue;
    for (const name of await readdir(join(directory, folder))) {
      const path = join(directory, folder, name);
      if (name.endsWith(GONE)) await takeBack(path);
      else if (/^[0-9a-f]{64}$/.test(name) && (await putAt(path)) < before) batch.push(name);
      if (batch.length === SWEEP_BATCH) {
        yield batch;
        batch = [];
      }
    }
  }
  if (batch.length > 0) yield batch;
}

/** Put aside first: whoever puts the same content now writes it anew, and whoever did so just before is seen by its time. */
async function remove(path: string, before: number): Promise<boolean> {
  const aside = `${path}${GONE}`;
  await rename(path, aside);
  const old = (await putAt(aside)) < before;
  await (old ? unlink(aside) : takeBack(aside));
  return old;
}

async function putAt(path: string): Promise<number> {
  return (await stat(path)).mtimeMs;
}

/** Also what a process that died in between has left aside. */
async function takeBack(aside: string): Promise<void> {
  const path = aside.slice(0, -GONE.length);
  const there = await access(path).then(
    () => true,
    () => false,
  );
  await (there ? unlink(aside) : rename(aside, path));
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
