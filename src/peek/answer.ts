/**
 * What a parser of first bytes says about the bytes so far. It keeps nothing. When more bytes have come, it
 * is called again with all of them. It says `need-more` only while the bytes so far could still begin a
 * match.
 */
export type Answer<T> =
  | {
      readonly kind: 'match'
      readonly value: T
      /** How many of the bytes belong to it. The rest belongs to somebody else. */
      readonly bytes: number
    }
  | {
      readonly kind: 'no-match'
      /** What is wrong, in a few words for the record, such as `v1: port out of range`. */
      readonly reason: string
    }
  | { readonly kind: 'need-more' }

export const NEED_MORE: Answer<never> = { kind: 'need-more' }

export const noMatch = (reason: string): Answer<never> => ({ kind: 'no-match', reason })
