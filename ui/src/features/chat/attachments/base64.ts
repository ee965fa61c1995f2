/** As many characters as a function takes arguments, everywhere. */
const PIECE = 0x8000;

/** Bytes as text that JSON holds. */
export function base64(bytes: Uint8Array): string {
  let binary = '';
  for (let at = 0; at < bytes.length; at += PIECE) binary += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  return btoa(binary);
}
