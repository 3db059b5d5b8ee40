/** A directive of another proxy's config, and where it stands. */
export interface Line {
  readonly file: string
  readonly line: number
  /** Without quotes, escapes and comments. */
  readonly words: readonly string[]
}

export const textOf = ({ words }: Line): string => words.join(' ')
