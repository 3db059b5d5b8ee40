/**
 * The answer to a caller that cannot be served, as RFC 9457 defines it, and the HTTP status of each error of
 * ours.
 */
import { STATUS_CODES } from 'node:http'
import { type Problem as ConfigProblem, type ErrorCode, MillraceError } from '../../errors.js'

const STATUS_OF_ERROR: Record<ErrorCode, number> = {
  'config-invalid': 422,
  'config-unreadable': 422,
  'listen-failed': 409,
  'wrong-state': 409,
  'unknown-name': 404,
  'log-failed': 409,
  'pid-file-failed': 409,
  'state-failed': 409,
  'admin-failed': 502,
  'worker-silent': 504,
  'bad-argument': 422,
}

export class ProblemError extends Error {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly code: ErrorCode | undefined
  readonly problems: readonly ConfigProblem[]

  constructor(
    status: number,
    detail: string,
    options: {
      headers?: Readonly<Record<string, string>>
      code?: ErrorCode
      problems?: readonly ConfigProblem[]
    } = {},
  ) {
    super(detail)
    this.status = status
    this.headers = options.headers ?? {}
    this.code = options.code
    this.problems = options.problems ?? []
  }

  /** The body of the answer. */
  toJSON(): Record<string, unknown> {
    return {
      type: 'about:blank',
      title: STATUS_CODES[this.status] ?? 'Error',
      status: this.status,
      detail: this.message,
      code: this.code,
      ...(this.problems.length > 0 && { problems: this.problems }),
    }
  }
}

/** Makes a problem of anything that was thrown. An error that is a bug of ours stays in the log. */
export function toProblem(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error
  if (error instanceof MillraceError) {
    const { code, message, problems } = error
    return new ProblemError(STATUS_OF_ERROR[code], message, { code, problems })
  }
  return new ProblemError(500, 'millrace has a fault: the log has the error')
}
