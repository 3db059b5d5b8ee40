/** Text that must never be shown as it is. It forges lines, controls terminals or changes the direction of text. */

/** Unsafe characters of every kind: C0, DEL, C1 (a raw CSI), NEL, separators, bidi, zero width, tag, surrogates. */
export const UNSAFE_SAMPLES = [
  ...['\u0000', '\n', '\u001b', '\u007f', '\u0080', '\u0085', '\u009b', '\u009f', '\u2028', '\u2029'],
  ...['\u202a', '\u202e', '\u2066', '\u2069', '\u061c', '\u200b', '\ufeff', '\u{e0041}', '\ud83d', '\ude00'],
]

/** The unsafe characters in a text. A newline between two lines is fine. */
export const unsafeIn = (text: string): string[] =>
  text.match(/(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu)?.map((char) => JSON.stringify(char)) ?? []
