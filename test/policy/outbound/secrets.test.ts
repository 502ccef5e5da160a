import { createSign, generateKeyPairSync, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { findSecrets } from "../../../src/policy/outbound/secrets.ts";

// Put together here, so that no scanner takes this file for a leak.
const letters = (length: number) =>
  "aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zA1bC2dE3fG4hJ5kL6mN7pQ8rS9tU0vW1xY2z".repeat(4).slice(0, length);
const AWS = "QWERTYUIOPASDF23";
const hex = (length: number) => "0f1e2d3c4b5a69788796a5b4c3d2e1f0".repeat(4).slice(0, length);
const pem = (type: "pkcs8" | "pkcs1" | "sec1") =>
  type === "sec1"
    ? generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type, format: "pem" }).toString()
    : generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey.export({ type, format: "pem" }).toString();

function jwt(): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part({ alg: "RS256", typ: "JWT" })}.${part({ sub: "user-1", exp: 1_900_000_000 })}`;
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 1024 });
  return `${signed}.${createSign("RSA-SHA256").update(signed).sign(privateKey, "base64url")}`;
}

const LEAKS: readonly [rule: string, text: string][] = [
  ["private-key", pem("pkcs8")],
  ["private-key", pem("pkcs1")],
  ["private-key", pem("sec1")],
  ["private-key", pem("pkcs8").replace(/^/gm, "> ")],
  ["private-key", `-----BEGIN OPENSSH PRIVATE KEY-----\n${randomBytes(90).toString("base64")}\n-----END`],
  ["private-key", `-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: GnuPG v2\n\n${randomBytes(90).toString("base64")}`],
  ["private-key", JSON.stringify({ type: "service_account", private_key: pem("pkcs8") })],
  ["private-key", "PuTTY-User-Key-File-3: ssh-ed25519"],
  ["aws-access-key", `Use AKIA${AWS} for it.`],
  ["aws-access-key", `ASIA${AWS}`],
  ["github-token", `git clone with ghp_${letters(36)}`],
  ["github-token", `github_pat_${letters(22)}_${letters(59)}`],
  ["gitlab-token", `glpat-${letters(20)}`],
  ["slack-token", `xoxb-123456789012-123456789012-${letters(24)}`],
  ["slack-webhook", `https://hooks.slack.com/services/T01ABCDEF/B02ABCDEF/${letters(24)}`],
  ["stripe-key", `sk_live_${letters(24)}`],
  ["stripe-key", `rk_test_${letters(40)}`],
  ["openai-key", `sk-${letters(48)}`],
  ["openai-key", `sk-proj-${letters(60)}T3BlbkFJ${letters(60)}`],
  ["anthropic-key", `sk-ant-api03-${letters(93)}AA`],
  ["google-key", `key=AIza${letters(35)}`],
  ["google-key", `GOCSPX-${letters(28)}`],
  ["google-key", `ya29.${letters(60)}`],
  ["npm-token", `//registry/:_authToken=npm_${letters(36)}`],
  ["sendgrid-key", `SG.${letters(22)}.${letters(43)}`],
  ["langsmith-key", `lsv2_pt_${hex(32)}_${hex(10)}`],
  ["digitalocean-token", `dop_v1_${hex(64)}`],
  ["api-key", `gsk_${letters(52)}`],
  ["api-key", `OpenRouter: sk-or-v1-${hex(64)}`],
  ["api-key", `xai-${letters(80)}`],
  ["api-key", `dapi${hex(32)}`],
  ["api-key", `hvs.${letters(90)}`],
  ["api-key", `tvly-dev-${letters(32)}`],
  ["api-key", `ATATT3xFfGF0${letters(180)}=0A1B2C3D`],
  ["azure-storage-key", `DefaultEndpointsProtocol=https;AccountKey=${randomBytes(64).toString("base64")}`],
  ["json-web-token", `Authorization: Bearer ${jwt()}`],
  ["connection-string", "postgres://app:s3cr3t-Pw@db.internal:5432/app"],
  ["connection-string", "redis://:Zk3mw9qLx@cache:6379"],
  ["assigned-secret", "The password: Summer!2024go"],
  ["assigned-secret", "DB_PASSWORD=xK9#mP2$vL5n"],
  ["assigned-secret", `"api_key": "${hex(32)}"`],
  ["assigned-secret", `aws_secret_access_key = ${letters(40)}`],
  ["assigned-secret", "Passwort: Rx7-qwLz!9"],
  ["assigned-secret", "contraseña: Tx81!kkPo2"],
  ["assigned-secret", `client_secret=${letters(30)}`],
  ["assigned-secret", "password is Kq9!vbn2Xz"],
  ["assigned-secret", `curl -H "Authorization: Bearer ${letters(40)}" https://api.example`],
  ["assigned-secret", `Authorization: Basic ${Buffer.from("user:S3cretPassw0rd!").toString("base64")}`],
];

// What people and agents write every day.
const HONEST: readonly string[] = [
  "Please approve order 4711-2024-0815 by Friday.",
  "Password: see the attached letter.",
  "Your password has been changed. If this was not you, call +49 30 901820.",
  "Passwort: kommt per Post",
  "The password must have 12 characters, e.g. a capital and a digit.",
  "password: <your password>",
  "password=********",
  "token: ${TOKEN}",
  "API_KEY=your-api-key-here",
  "export OPENAI_API_KEY=sk-...",
  "Set secret: process.env.SECRET_2 in the file.",
  "The token: 8 characters, valid for 10 minutes.",
  "Sign here: https://sign.example/d?token=9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c",
  `Join: https://meet.example/j/86753098675?pwd=${letters(32)}`,
  "Commit 3f786850e387550fdab836ed7e6dc881de23001b fixes it.",
  "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
  "Request id 550e8400-e29b-41d4-a716-446655440000",
  "Tracking: 1Z999AA10123456784, DHL 00340434161094042557",
  "ISBN 978-3-16-148410-0, IBAN DE89 3704 0044 0532 0130 00",
  "Paste what stands between -----BEGIN PRIVATE KEY----- and the end into the field.",
  "-----BEGIN PUBLIC KEY-----\nMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDdlatRjRjogo3WojgGHFHYLugd\n-----END PUBLIC KEY-----",
  "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUQm0Z1b2c3d4e5f6g7h8i9j0kLmNoPqRsTuVwXyZ012345\n-----END CERTIFICATE-----",
  "postgres://user:password@localhost:5432/app",
  "smtp://desk:<password>@mail.example",
  "mailto:boss@corp.example, https://example.com:8443/a@b",
  "AKIAIOSFODNN7EXAMPLE is the example in the manual.",
  "Secret santa: 24.12.2024, 18:00",
  "Key: value pairs; token: ORDER-2024-0815",
  "token: v1.20.3-rc2",
  "The secret is patience.",
  "ask-someone-for-help-with-this-very-long-hyphenated-thing-today-please",
  "pk_live_51H8abcdEFGHijklMNOPqrstUVWXyz is the publishable one.",
  "eyJhbGciOi is how they begin.",
  "passphrase: correct horse battery staple",
  "Credentials: Anna Schmidt, PhD",
  "Bearer of this letter: Kim 2024",
  "Conference code: 123456# , PIN 998877",
  "key-account-managers-2024-in-northern-europe, ntn_word, hvs.example",
  "Authorization: see 42 CFR 164.508",
];

describe("secrets", () => {
  it.each(LEAKS)("%s: %s", (rule, text) => {
    const found = findSecrets(`Dear Dana,\n\nhere it is: \n${text}\n\nRegards`);
    expect(found.map((match) => match.rule)).toContain(rule);
    expect(found.every(({ excerpt }) => excerpt.length < 40)).toBe(true);
  });

  it.each(HONEST)("none in: %s", (text) => {
    expect(findSecrets(text)).toEqual([]);
  });

  it("shows four characters at most", () => {
    const [match] = findSecrets(`ghp_${letters(36)}`);
    expect(match?.excerpt).toBe("ghp_… (40 characters)");
  });

  it.each([
    ["one long word", "a".repeat(1_000_000)],
    ["assignments", "password=".repeat(110_000)],
    ["dots and dashes", "eyJ".repeat(330_000)],
    ["addresses", "a://b:".repeat(160_000)],
    ["first lines of keys", "-----BEGIN PRIVATE KEY-----\n".repeat(36_000)],
    ["names", "a_".repeat(500_000)],
    ["base64", randomBytes(750_000).toString("base64")],
  ])("takes a MiB of %s in its stride", (_, text) => {
    const before = performance.now();
    findSecrets(text);
    expect(performance.now() - before).toBeLessThan(2_000);
  });
});
