/**
 * Every error millrace throws, in one table. The data path never throws. Its errors are values: an errno name
 * on a socket, a cause in a record. This class is for the control plane: config, start, stop.
 */

/**
 * errnos that say that this process or machine has run out of descriptors, memory, or epoll watches (ENOSPC,
 * epoll_ctl(2)). Another backend does not help. Waiting may help.
 */
export const SHORTAGES: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'ENOSPC'])

/** Which side caused an error. */
export type ErrorSource = 'client' | 'backend' | 'proxy' | 'config'

/** Code → which side caused the error, and whether the same call may succeed later without a change. */
const ERRORS = {
  /** The config cannot be used; `problems` lists every reason. */
  'config-invalid': { source: 'config', retryable: false },
  /** The config file cannot be read: missing, a directory, no permission, too large. */
  'config-unreadable': { source: 'config', retryable: false },
  /** millrace cannot listen on an address: it is taken, privileged, or not of this machine. */
  'listen-failed': { source: 'proxy', retryable: true },
  /** `start` was called twice, or after `stop`. */
  'wrong-state': { source: 'proxy', retryable: false },
  /** No listener, cluster, backend or connection has that name. */
  'unknown-name': { source: 'config', retryable: false },
  /** millrace cannot append to the log file. */
  'log-failed': { source: 'proxy', retryable: true },
  /** millrace cannot write the file of `--pid-file`. */
  'pid-file-failed': { source: 'proxy', retryable: true },
  /** millrace cannot write the file of `state`. */
  'state-failed': { source: 'proxy', retryable: true },
  /** The admin address of a process does not answer, or the process refused. */
  'admin-failed': { source: 'proxy', retryable: true },
  /** A worker does not answer. The others have followed the order. This one does when it answers again. */
  'worker-silent': { source: 'proxy', retryable: true },
  /** An argument of a public function is of the wrong type or out of range. */
  'bad-argument': { source: 'config', retryable: false },
} as const satisfies Record<string, { source: ErrorSource; retryable: boolean }>

export type ErrorCode = keyof typeof ERRORS

export const isErrorCode = (text: string | undefined): text is ErrorCode =>
  text !== undefined && Object.hasOwn(ERRORS, text)

/** One reason a config cannot be used. */
export interface Problem {
  /** File the config came from. `argv` stands for flags, `config` for an object. */
  readonly file: string
  /** 1-based. 0: the position is not known, as for flags and objects. */
  readonly line: number
  readonly column: number
  /** Path of the value, as in `listeners[0].address`. */
  readonly path: string
  readonly message: string
}

export class MillraceError extends Error {
  readonly code: ErrorCode
  readonly source: ErrorSource
  readonly retryable: boolean
  /** Every reason, for `config-invalid`. Empty for all other codes. */
  readonly problems: readonly Problem[]

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; problems?: readonly Problem[] } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'MillraceError'
    this.code = code
    this.source = ERRORS[code].source
    this.retryable = ERRORS[code].retryable
    this.problems = options.problems ?? []
  }
}

/** `file:line:col path: message`, without the position if it is not known. */
export function formatProblem(problem: Problem): string {
  const position = problem.line > 0 ? `:${problem.line}:${problem.column}` : ''
  const path = problem.path === '' ? '' : `${problem.path}: `
  return `${problem.file}${position} ${path}${problem.message}`
}

const MOST_IN_MESSAGE = 20

/**
 * The error that carries `problems`. Its message has the first few, for callers that print only the message.
 */
export function invalidConfig(problems: readonly Problem[]): MillraceError {
  const lines = problems.slice(0, MOST_IN_MESSAGE).map(formatProblem)
  if (problems.length > lines.length) lines.push(`and ${problems.length - lines.length} more`)
  return new MillraceError('config-invalid', ['the config cannot be used:', ...lines].join('\n'), {
    problems,
  })
}
