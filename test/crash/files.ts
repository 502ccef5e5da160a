import fs, { type FileHandle } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { around, point } from "./points.ts";

/** Gives names to what is done with files below `directory()`: of blobs, and of the key. To be called before the kit is loaded. */
export function instrumentFiles(directory: () => string | undefined): void {
  const ours = (path: unknown) =>
    typeof path === "string" && directory() !== undefined && path.startsWith(directory()!);
  const patched = fs as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
  for (const name of ["mkdir", "rename", "writeFile", "link", "unlink"]) {
    const original = patched[name]!;
    patched[name] = (...args) => (ours(args[0]) ? around(`file.${name}`, () => original(...args)) : original(...args));
  }
  const open = fs.open;
  fs.open = async (...args) => {
    if (!ours(args[0])) return open(...args);
    return instrumentHandle(await around("file.open", () => open(...args)));
  };
  syncBuiltinESMExports();
}

function instrumentHandle(handle: FileHandle): FileHandle {
  const write = handle.writeFile.bind(handle);
  const datasync = handle.datasync.bind(handle);
  // In two halves, so that a file can be torn.
  handle.writeFile = async (content) => {
    const bytes = Buffer.from(content as Uint8Array);
    await write(bytes.subarray(0, bytes.length / 2));
    point("file.write:half");
    await write(bytes.subarray(bytes.length / 2));
    point("file.write:after");
  };
  handle.datasync = () => around("file.datasync", datasync);
  return handle;
}
