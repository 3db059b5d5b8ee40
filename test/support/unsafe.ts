/** Text that must never be shown as it is: it forges lines, steers terminals or turns the direction of text. */

/** One of every kind: C0, DEL, C1 (a raw CSI), NEL, line and paragraph separators, bidi, zero width, a tag. */
export const UNSAFE_SAMPLES = [
  ...['\u0000', '\n', '\u001b', '\u007f', '\u0080', '\u0085', '\u009b', '\u009f', '\u2028', '\u2029'],
  ...['\u202a', '\u202e', '\u2066', '\u2069', '\u061c', '\u200b', '\ufeff', '\u{e0041}', '\ud83d', '\ude00'],
]

/** What of a text steers something; newlines between its lines are fine. */
export const unsafeIn = (text: string): string[] =>
  text.match(/(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu)?.map((char) => JSON.stringify(char)) ?? []
