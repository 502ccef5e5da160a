import { EmailKitError } from "../../errors.ts";

/** Where a ledger in PostgreSQL is. */
export interface PostgresAddress {
  /** With credentials: for the client only. */
  connectionString: string;
  schema: string;
  /** For messages to people. */
  name: string;
}

const DEFAULT_SCHEMA = "langgraph_email";
const SCHEMA = /^[a-z_][a-z0-9_]{0,62}$/;

/** Whether the ledger's address means PostgreSQL, and not a file. */
export function isPostgresUrl(ledger: string): boolean {
  return /^postgres(?:ql)?:\/\//i.test(ledger);
}

/**
 * Reads `postgres://user:password@host:5432/database?schema=langgraph_email`; other parameters, such as `sslmode`, go to the client.
 * @throws EmailKitError `INVALID_CONFIG`, which never shows the URL.
 */
export function parsePostgresUrl(url: string): PostgresAddress {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  // What lies behind an unencoded "/" or "#" of a password would be taken for the database's name, and shown.
  if (!parsed || parsed.pathname.includes("@") || parsed.hash !== "") {
    throw new EmailKitError(
      "INVALID_CONFIG",
      "The ledger's URL cannot be read. Write postgres://user:password@host:5432/database, special characters of the password as in encodeURIComponent.",
    );
  }
  const schema = parsed.searchParams.get("schema") ?? DEFAULT_SCHEMA;
  if (!SCHEMA.test(schema)) {
    throw new EmailKitError(
      "INVALID_CONFIG",
      `The ledger's schema is ${JSON.stringify(schema)}; use lower-case letters, digits and "_", at most 63.`,
    );
  }
  parsed.searchParams.delete("schema");
  return {
    connectionString: parsed.href,
    schema,
    name: `postgres://${parsed.host}${parsed.pathname}?schema=${schema}`,
  };
}
