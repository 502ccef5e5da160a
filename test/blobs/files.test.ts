import { mkdtemp, readdir, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { blobReference } from "../../src/blobs/blobs.ts";
import { fileBlobs } from "../../src/blobs/files.ts";

let directory: string;
beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), "langgraph-email-blobs-")), "mail.db.blobs");
});
afterEach(async () => {
  await rm(join(directory, ".."), { recursive: true });
});

const content = Buffer.from("From: a@b.example\r\n\r\nHello\r\n");

describe("file blobs", () => {
  it("give back what was put, under the SHA-256 of it", async () => {
    const blobs = fileBlobs(directory);
    const reference = await blobs.put(content);
    expect(reference).toBe(blobReference(content));
    expect(Buffer.from(await blobs.get(reference))).toEqual(content);
    expect(await fileBlobs(directory).put(content)).toBe(reference);
  });

  it("store the same content once, whoever puts it at the same time", async () => {
    const stores = Array.from({ length: 8 }, () => fileBlobs(directory));
    const references = await Promise.all(stores.map((store) => store.put(content)));
    expect(new Set(references).size).toBe(1);
    expect(Buffer.from(await stores[0]!.get(references[0]!))).toEqual(content);
    const files = await readdir(directory, { recursive: true, withFileTypes: true });
    expect(files.filter((file) => file.isFile())).toHaveLength(1);
  });

  it("mend what a process that died half-way has left", async () => {
    const blobs = fileBlobs(directory);
    const reference = await blobs.put(content);
    await writeFile(join(directory, reference.slice(0, 2), reference), content.subarray(0, 7));
    await blobs.put(content);
    expect(Buffer.from(await blobs.get(reference))).toEqual(content);
  });

  it("are for their owner's eyes only", async () => {
    const reference = await fileBlobs(directory).put(content);
    const modes = [
      directory,
      join(directory, reference.slice(0, 2)),
      join(directory, reference.slice(0, 2), reference),
    ];
    for (const path of modes) expect((await stat(path)).mode & 0o077).toBe(0);
  });

  it("say what is missing, and read nothing but blobs", async () => {
    const blobs = fileBlobs(directory);
    await expect(blobs.get(blobReference(content))).rejects.toMatchObject({ code: "BLOB_NOT_FOUND" });
    await expect(blobs.get("../../etc/passwd")).rejects.toMatchObject({ code: "BLOB_NOT_FOUND" });
  });

  it("are removed when they are old and unused, and not what was put again a moment before", async () => {
    const blobs = fileBlobs(directory);
    const others = ["unused", "used", "young"].map((text) => Buffer.from(text));
    const [again, unused, used] = await Promise.all([content, ...others].map((each) => blobs.put(each)));
    const path = (reference: string) => join(directory, reference.slice(0, 2), reference);
    const old = new Date(Date.now() - 10_000);
    for (const reference of [again!, unused!, used!]) await utimes(path(reference), old, old);
    const removed = await blobs.sweep(Date.now() - 5_000, async (references) => {
      expect(new Set(references)).toEqual(new Set([again, unused, used]));
      // Between the question and the removal.
      await blobs.put(content);
      return new Set([used!]);
    });
    expect(removed).toBe(1);
    await expect(blobs.get(unused!)).rejects.toMatchObject({ code: "BLOB_NOT_FOUND" });
    for (const each of [content, ...others.slice(1)])
      expect(Buffer.from(await blobs.get(blobReference(each)))).toEqual(each);
  });

  it("put aside by a process that died while it removed them are taken back", async () => {
    const blobs = fileBlobs(directory);
    const reference = await blobs.put(content);
    const path = join(directory, reference.slice(0, 2), reference);
    await rename(path, `${path}.gone`);
    await blobs.sweep(0, async () => new Set());
    expect(Buffer.from(await blobs.get(reference))).toEqual(content);
  });
});
