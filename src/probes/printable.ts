/** Text from a peer, made safe to show. Pure. */

const MOST_CHARS = 200
/** Control characters, marks of direction, ends of lines, and halves of characters. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu

/** Replaces each character that cannot be printed by `?`, and cuts the text after 200 characters. */
export const printable = (text: string): string => text.slice(0, MOST_CHARS).replace(UNPRINTABLE, '?')
