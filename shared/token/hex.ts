/** `0x` and two lower-case digits a byte, as Substrate writes keys and seeds. */
export function bytesToHex(bytes: Uint8Array): string {
  return `0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
