/** Holds raw mails and attachments by the SHA-256 of their content. Putting the same content twice stores it once. */
export interface BlobStore {
  /** Resolves when the content is safe on disk. Returns its reference: lower-case hex SHA-256. */
  put(content: Uint8Array): Promise<string>;
  /** @throws EmailKitError `BLOB_NOT_FOUND`. */
  get(reference: string): Promise<Uint8Array>;
}
