import tls from "node:tls";

/** Options for a TLS connection that trusts `ca` besides what this Node.js trusts anyway. */
export function trust(ca: string | undefined): tls.SecureContextOptions & { minVersion: "TLSv1.2" } {
  if (ca === undefined) return { minVersion: "TLSv1.2" };
  // Setting `ca` replaces the default list. getCACertificates came with Node.js 22.15.
  const defaults =
    typeof tls.getCACertificates === "function" ? tls.getCACertificates("default") : [...tls.rootCertificates];
  return { minVersion: "TLSv1.2", ca: [...defaults, ca] };
}

/** Whether an error's code comes from the handshake or the certificate, rather than from the network. */
export function isTlsCode(code: unknown): boolean {
  return (
    typeof code === "string" &&
    /^(ERR_TLS_|ERR_SSL_|ERR_OSSL_|EPROTO$|CERT_|CRL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERROR_IN_CERT|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|STARTTLS_INJECTION)/.test(
      code,
    )
  );
}
