/**
 * One request to the API of a running millrace. Types only.
 */
export interface Request {
  readonly method: string
  readonly path: string
  readonly body?: unknown
  readonly isSlow?: boolean
  /** The answer as lines for people. */
  lines(answer: unknown): readonly string[]
}
