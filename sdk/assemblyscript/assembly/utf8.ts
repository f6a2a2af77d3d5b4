/** The bytes of a text in UTF-8. */
export function utf8(text: string): Uint8Array {
  return Uint8Array.wrap(String.UTF8.encode(text));
}

/** The text of bytes in UTF-8; what is not UTF-8 gives some text. */
export function textOf(bytes: Uint8Array): string {
  return String.UTF8.decodeUnsafe(bytes.dataStart, bytes.length);
}

/** Whether the bytes are UTF-8 as RFC 3629 has it: no surrogates, nothing longer than it need be. */
export function isUtf8(at: usize, length: i32): bool {
  const end = at + length;
  while (at < end) {
    const first = load<u8>(at++);
    if (first < 0x80) continue;
    if (first < 0xc2 || first > 0xf4) return false;
    const more: i32 = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    if (at + more > end) return false;
    const second = load<u8>(at);
    // The second byte bounds the value.
    if (first == 0xe0 && second < 0xa0) return false;
    if (first == 0xed && second > 0x9f) return false;
    if (first == 0xf0 && second < 0x90) return false;
    if (first == 0xf4 && second > 0x8f) return false;
    for (let i = 0; i < more; ++i) if ((load<u8>(at++) & 0xc0) != 0x80) return false;
  }
  return true;
}
