/**
 * What a parser of first bytes makes of what has come so far. It is called again with all of them when more have
 * come; it keeps nothing. `need-more` is only said while the bytes so far could still be the beginning of a match.
 */
export type Answer<T> =
  | {
      readonly kind: 'match'
      readonly value: T
      /** How many of the bytes belong to it: what follows is somebody else's. */
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
