import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createTransport } from "nodemailer";
import { afterEach, beforeEach, expect, test } from "vitest";

const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const FREE = ["--smtp-port", "0", "--smtps-port", "0", "--imap-port", "0", "--imaps-port", "0"];

let directory: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "mail-cli-"));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(directory, { recursive: true });
});

/** Starts `langgraph-email dev` and waits until it is ready. */
async function dev(...args: string[]) {
  const child = spawn(process.execPath, [MAIN, "dev", ...args], { cwd: directory });
  children.push(child);
  let output = "";
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  child.stderr.on("data", (chunk) => (output += String(chunk)));
  await new Promise<void>((resolve) => {
    child.stdout.on("data", (chunk) => {
      output += String(chunk);
      if (output.includes("Ctrl+C")) resolve();
    });
    void ended.then(() => resolve());
  });
  return {
    child,
    ended,
    output: () => output,
    url: (name: string) => new RegExp(`${name}: "(.*?)"`).exec(output)?.[1] ?? "",
  };
}

test("prints accounts ready to paste, serves them, and ends in order at SIGTERM", async () => {
  const server = await dev(...FREE, "desk@a.example");
  expect(server.output()).toContain("desk@a.example, password dev");
  expect(server.url("imap")).toMatch(/^imap:\/\/desk%40a\.example:dev@127\.0\.0\.1:\d+$/);
  for (const magic of ["refused@", "bounced@", "greylisted@", "ooo@", "complaint@"]) {
    expect(server.output()).toContain(magic);
  }
  const transport = createTransport({ url: server.url("smtp"), ignoreTLS: true });
  const info = await transport.sendMail({ from: "desk@a.example", to: "anyone@b.example", text: "x" });
  expect(info.accepted).toEqual(["anyone@b.example"]);
  transport.close();
  expect(server.output()).toMatch(/Delivered from=desk@a\.example to=anyone@b\.example/);
  server.child.kill("SIGTERM");
  expect(await server.ended).toBe(0);
  expect(existsSync(join(directory, ".langgraph-email", "lock"))).toBe(false);
  expect(readFileSync(join(directory, ".langgraph-email", ".gitignore"), "utf8")).toBe("*\n");
});

test("--memory leaves nothing behind, --no-auto-create refuses strangers", async () => {
  const server = await dev(...FREE, "--memory", "--no-auto-create", "--password", "pa ss", "desk@a.example");
  expect(server.url("smtp")).toContain("desk%40a.example:pa%20ss@");
  const transport = createTransport({ url: server.url("smtp"), ignoreTLS: true });
  await expect(transport.sendMail({ from: "desk@a.example", to: "anyone@b.example", text: "x" })).rejects.toMatchObject(
    { responseCode: 550 },
  );
  transport.close();
  server.child.kill("SIGINT");
  expect(await server.ended).toBe(0);
  expect(existsSync(join(directory, ".langgraph-email"))).toBe(false);
});

test("a port that was asked for and is taken is an error that says so", async () => {
  const blocker = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => blocker.once("listening", resolve));
  const { port } = blocker.address() as AddressInfo;
  const server = await dev(...FREE, "--memory", "--imap-port", String(port));
  expect(await server.ended).toBe(1);
  expect(server.output()).toContain(`Port ${port} is taken`);
  blocker.close();
});

test("a default port that is taken gives way, and the notice says so", async () => {
  const first = await dev("--memory");
  const second = await dev("--memory");
  expect(second.output()).toMatch(/Port 2525 is taken[^]*A mail server for development/);
  expect(second.url("smtp")).not.toBe(first.url("smtp"));
});
