import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";

/** A self-signed certificate and its key, both PEM. The certificate is its own authority: trust it as `ca`. */
export interface Certificate {
  key: string;
  cert: string;
}

const DAY_MS = 86_400_000;

/** Makes a certificate (RFC 5280) for `localhost`, 127.0.0.1, ::1 and `hostname`, on a fresh P-256 key. */
export function createCertificate(options: { hostname: string; now: number; days?: number }): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const spki = publicKey.export({ type: "spki", format: "der" });
  const algorithm = sequence(oid("1.2.840.10045.4.3.2")); // ecdsa-with-SHA256
  const name = sequence(der(0x31, sequence(oid("2.5.4.3"), der(0x0c, Buffer.from(options.hostname)))));
  const validity = sequence(
    generalizedTime(options.now - DAY_MS),
    generalizedTime(options.now + (options.days ?? 3650) * DAY_MS),
  );
  const keyId = createHash("sha1").update(spki).digest();
  const names = new Set(["localhost", options.hostname]);
  const alternativeNames = sequence(
    ...[...names].map((host) => der(0x82, Buffer.from(host))),
    der(0x87, Buffer.from([127, 0, 0, 1])),
    der(0x87, Buffer.from([...Array.from({ length: 15 }, () => 0), 1])),
  );
  const extensions = sequence(
    extension("2.5.29.19", true, sequence(der(0x01, Buffer.from([0xff])))), // basicConstraints: CA
    extension("2.5.29.15", true, der(0x03, Buffer.from([0x01, 0x86]))), // digitalSignature, keyCertSign, cRLSign
    extension("2.5.29.37", false, sequence(oid("1.3.6.1.5.5.7.3.1"))), // serverAuth
    extension("2.5.29.17", false, alternativeNames),
    extension("2.5.29.14", false, der(0x04, keyId)),
  );
  const serial = Buffer.concat([Buffer.from([0x01]), randomBytes(15)]);
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))), // v3
    der(0x02, serial),
    algorithm,
    name,
    validity,
    name,
    spki,
    der(0xa3, extensions),
  );
  const signature = sign("sha256", body, privateKey);
  const certificate = sequence(body, algorithm, der(0x03, Buffer.concat([Buffer.from([0]), signature])));
  return { key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(), cert: pem(certificate) };
}

/** A value in distinguished encoding (X.690 section 10): tag, length, content. */
function der(tag: number, ...content: Buffer[]): Buffer {
  const body = Buffer.concat(content);
  const length: number[] = [];
  if (body.length < 0x80) length.push(body.length);
  else {
    for (let rest = body.length; rest > 0; rest >>>= 8) length.unshift(rest & 0xff);
    length.unshift(0x80 | length.length);
  }
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
}

function sequence(...content: Buffer[]): Buffer {
  return der(0x30, ...content);
}

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const bytes = [first * 40 + second];
  for (const arc of rest) {
    const digits = [arc & 0x7f];
    for (let value = Math.floor(arc / 128); value > 0; value = Math.floor(value / 128)) {
      digits.unshift(0x80 | (value & 0x7f));
    }
    bytes.push(...digits);
  }
  return der(0x06, Buffer.from(bytes));
}

/** RFC 5280 section 4.1.2.5: UTCTime through 2049, GeneralizedTime after. */
function generalizedTime(time: number): Buffer {
  const digits = new Date(time).toISOString().replace(/[-:T]|\.\d+/g, "");
  return Number(digits.slice(0, 4)) < 2050 ? der(0x17, Buffer.from(digits.slice(2))) : der(0x18, Buffer.from(digits));
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return sequence(oid(id), ...(critical ? [der(0x01, Buffer.from([0xff]))] : []), der(0x04, value));
}

function pem(bytes: Buffer): string {
  const lines = bytes.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}
