import { generateKeyPairSync } from "node:crypto";
import { dkimSign } from "mailauth";
import { createTransport } from "nodemailer";
import { expect, it } from "vitest";
import { mailauthVerifier } from "../../src/transport/mailauth.ts";

const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const key = publicKey.export({ type: "spki", format: "der" }).toString("base64");

/** DNS with one key in it. */
async function resolver(name: string, type: string): Promise<string[][]> {
  if (type === "TXT" && name === "s1._domainkey.b.example") return [[`v=DKIM1; k=rsa; p=${key}`]];
  throw Object.assign(new Error(`queryTxt ENOTFOUND ${name}`), { code: "ENOTFOUND" });
}

async function signed(from: string, domain = "b.example"): Promise<string> {
  const transport = createTransport({ streamTransport: true, buffer: true, newline: "windows" });
  const { message } = await transport.sendMail({
    from,
    to: "desk@a.example",
    subject: "Re: Prices",
    text: "40",
    dkim: {
      domainName: domain,
      keySelector: "s1",
      privateKey: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
    },
  });
  return (message as Buffer).toString("latin1");
}

/** By a signer that says with `l=` how much of the text it has signed. */
async function signedUpTo(maxBodyLength: number, text: string): Promise<string> {
  const raw = `From: boss@b.example\r\nSubject: Re: Prices\r\n\r\n${text} Yes, approved.\r\n`;
  const key = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const by = { signingDomain: "b.example", selector: "s1", privateKey: key, algorithm: "rsa-sha256" };
  const { signatures } = await dkimSign(Buffer.from(raw), { ...by, signatureData: [{ ...by, maxBodyLength }] });
  return `${signatures}${raw}`;
}

const verify = async (raw: string) => mailauthVerifier({ resolver })(Buffer.from(raw, "latin1"));

it("a valid signature of the sender's domain proves the sender", async () => {
  expect(await verify(await signed("boss@b.example"))).toBe("pass");
  expect(await verify(await signed("boss@mail.b.example"))).toBe("pass");
  expect(await verify(await signedUpTo(1_000, "Yes."))).toBe("pass");
});

it.each([
  ["is absent", async () => "From: boss@b.example\r\nTo: desk@a.example\r\nSubject: x\r\n\r\n40\r\n"],
  ["is of another domain", () => signed("boss@c.example")],
  ["has a key that nobody finds", () => signed("boss@b.example", "d.example")],
  ["does not fit the text", async () => (await signed("boss@b.example")).replace(/40\r\n$/, "41\r\n")],
  ["covers the beginning of the text alone", () => signedUpTo(3, "No.")],
  [
    "covers one From of two",
    async () => (await signed("boss@b.example")).replace(/^From:/m, "From: boss@c.example\r\nFrom:"),
  ],
])("a signature that %s proves nothing", async (_, raw) => {
  expect(await verify(await raw())).toBe("none");
});
