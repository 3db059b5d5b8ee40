/**
 * Turns a question of the command line into a request, and its answer into what is printed.
 */
import type { BackendStatus } from '../cluster/backend.js'
import type { ConnectionList, DrainResult, Killed, Reloaded, ServingTier } from '../control/answers.js'
import { jsonText, visible } from '../escape.js'
import { counted } from '../figures.js'
import type { ProxyStatus } from '../observe/status.js'
import { AdminClient } from './client.js'
import { findTarget } from './find-target.js'
import { runTop } from './top/top.js'
import type { Asking, LogChange, Question } from './verbs.js'
import { connectionLines, statusLines } from './views.js'

interface Request {
  readonly method: string
  readonly path: string
  readonly body?: unknown
  readonly isSlow?: boolean
  /** The answer as lines for people. */
  lines(answer: unknown): readonly string[]
}

/**
 * Rejects with `admin-failed`. If a reload fails because of the config, it rejects with `config-invalid` or
 * `config-unreadable`. With `--json`, errors are printed as JSON too.
 */
export async function ask(question: Question, asking: Asking): Promise<void> {
  leaveWithTheReader()
  try {
    await tell(question, asking)
  } catch (error) {
    if (asking.isJson) print(jsonText(problemOf(error), 2))
    throw error
  }
}

async function tell(question: Question, asking: Asking): Promise<void> {
  const client = new AdminClient(await findTarget(asking, process.env))
  if (question.verb === 'top') {
    await runTop(client, { isOnce: question.isOnce })
    return
  }
  const { method, path, body, isSlow, lines } = requestOf(question)
  const answer = await client.ask(method, path, body, isSlow)
  // A script that drains before it does something else must learn that connections go on.
  if ((answer as { cancelled?: true }).cancelled) process.exitCode = 1
  print(asking.isJson ? jsonText(answer, 2) : lines(answer).map(visible).join('\n'))
}

const print = (text: string): void => void process.stdout.write(`${text}\n`)

/** The reader of stdout, such as head(1), may close it early. */
function leaveWithTheReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
}

/** The problem as the API answered it. If nobody answered, one in the same shape. */
function problemOf(error: unknown): object {
  const { cause, message } = error as Error
  const isAnswer = typeof cause === 'object' && cause !== null && 'status' in cause
  return isAnswer ? cause : { type: 'about:blank', title: 'No answer', detail: message }
}

function requestOf(question: Exclude<Question, { verb: 'top' }>): Request {
  const { verb } = question
  if (verb === 'status') {
    return {
      method: 'GET',
      path: '/api/v1/status',
      lines: (answer) => statusLines(answer as ProxyStatus, Date.now()),
    }
  }
  if (verb === 'connections') {
    const query = new URLSearchParams()
    for (const [key, value] of Object.entries(question.query)) query.append(key, String(value))
    return {
      method: 'GET',
      path: `/api/v1/connections?${query}`,
      lines: (answer) => connectionLines(answer as ConnectionList),
    }
  }
  return changeOf(question)
}

type Change = Extract<Question, { verb: 'kill' | 'drain' | 'backend' | 'failback' | 'reload' | 'log' }>

function changeOf(question: Change): Request {
  switch (question.verb) {
    case 'kill':
      return {
        method: 'POST',
        path: '/api/v1/connections/kill',
        body: question.filter,
        lines: (answer) => [killedLine(answer as Killed, question.filter.ids)],
      }
    case 'drain':
      return {
        method: 'POST',
        path: '/api/v1/drain',
        body: question.order,
        isSlow: true,
        lines: (answer) => [drainLine(answer as DrainResult)],
      }
    case 'backend':
      return {
        method: 'PATCH',
        path: `/api/v1/clusters/${encodeURIComponent(question.cluster)}/backends/${encodeURIComponent(question.backend)}`,
        body: question.change,
        lines: (answer) => [backendLine(answer as BackendStatus)],
      }
    case 'failback':
      return {
        method: 'POST',
        path: `/api/v1/clusters/${encodeURIComponent(question.cluster)}/failback`,
        lines: (answer) => [servingLine(answer as ServingTier)],
      }
    case 'reload':
      return {
        method: 'POST',
        path: '/api/v1/reload',
        isSlow: true,
        lines: (answer) => reloadLines(answer as Reloaded),
      }
    case 'log':
      return logRequest(question.change)
  }
}

function logRequest(change: LogChange | undefined): Request {
  if (change === 'reopen')
    return { method: 'POST', path: '/api/v1/log/reopen', lines: () => ['opened the log file again'] }
  const lines = (answer: unknown): string[] => {
    const { level, file } = answer as LogAnswer
    return [`log level ${level}${change === undefined ? `, to ${file ?? 'stdout'}` : ''}`]
  }
  return change === undefined
    ? { method: 'GET', path: '/api/v1/log', lines }
    : { method: 'PUT', path: '/api/v1/log/level', body: change, lines }
}

interface LogAnswer {
  readonly level: string
  readonly file?: string
}

/** Some of the connections that `ids` names may have ended already. */
const killedLine = ({ killed }: Killed, ids: readonly string[] | undefined): string =>
  ids !== undefined && killed < ids.length ? `killed ${killed} of ${ids.length}` : `killed ${killed}`

const drainLine = ({ finished, closed, cut, left, cancelled }: DrainResult): string =>
  left !== undefined
    ? `no new connections; ${counted(left, 'connection')} left`
    : `${cancelled ? 'cancelled' : 'drained'}: ${finished} finished by themselves, ${closed} closed, ${cut} cut`

const backendLine = ({ address, setTo, weight, active }: BackendStatus): string =>
  `${address}: state ${setTo}, weight ${weight}, ${counted(active, 'connection')}`

const servingLine = ({ cluster, servingTier }: ServingTier): string =>
  servingTier === undefined ? `${cluster}: no backend works` : `${cluster}: tier ${servingTier} serves`

function reloadLines({ changed, needsRestart }: Reloaded): string[] {
  const first = changed.length === 0 ? 'nothing changed' : `reloaded: ${changed.join(', ')}`
  return needsRestart.length === 0 ? [first] : [first, `needs a restart: ${needsRestart.join(', ')}`]
}
