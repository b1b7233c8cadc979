/** SHA-256 through Web Crypto, which exists wherever WebGPU does: both need a secure context. */

interface CryptoGlobals {
  readonly crypto: {
    readonly subtle: { digest(algorithm: 'SHA-256', data: Uint8Array): Promise<ArrayBuffer> };
  };
}

/** The SHA-256 of `bytes`, in 64 hexadecimal digits. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  const { crypto } = globalThis as unknown as CryptoGlobals;
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
