/** What is said and read on a connection, without the connection. */

/** The most bytes that are read between two sends. */
export const MOST_READ_BYTES = 16 * 1024

export type Move<Found> =
  | { readonly kind: 'send'; readonly bytes: Buffer }
  | { readonly kind: 'wait' }
  | { readonly kind: 'over'; readonly found: Found }

/** Pure, but for its place in its own course: it is used for one connection. */
export interface Conversation<Found> {
  /** `received`: the bytes since the last send, at most MOST_READ_BYTES. After a send it is called at once, with none. */
  next(received: Buffer): Move<Found>
  /** What it waits for and what has come instead, for a backend that is silent, closes, or says too much. */
  explain(received: Buffer): string
}

export const send = (bytes: Buffer): Move<never> => ({ kind: 'send', bytes })
export const WAIT: Move<never> = { kind: 'wait' }
export const over = <Found>(found: Found): Move<Found> => ({ kind: 'over', found })
