/**
 * A question of the command line → a request, and its answer → what is printed.
 */

import type { BackendStatus } from '../../cluster/backend.js'
import type { Asking, Question } from '../../config/verbs.js'
import { counted } from '../../figures.js'
import type { ProxyStatus } from '../../observe/status.js'
import type { ConnectionList, DrainResult, Killed, Reloaded } from '../control.js'
import { AdminClient } from './client.js'
import { findTarget } from './find-target.js'
import { runTop } from './top.js'
import { connectionLines, statusLines } from './views.js'

interface Request {
  readonly method: string
  readonly path: string
  readonly body?: unknown
  readonly isSlow?: boolean
  /** What people read of the answer. */
  lines(answer: unknown): readonly string[]
}

/** Rejects with `admin-failed`, and with `config-invalid` where a reload found something. */
export async function ask(question: Question, asking: Asking): Promise<void> {
  const client = new AdminClient(await findTarget(asking, process.env))
  if (question.verb === 'top') {
    await runTop(client, { isOnce: question.isOnce })
    return
  }
  const { method, path, body, isSlow, lines } = requestOf(question)
  const answer = await client.ask(method, path, body, isSlow)
  const text = asking.isJson ? JSON.stringify(answer, null, 2) : lines(answer).join('\n')
  process.stdout.write(`${text}\n`)
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

type Change = Extract<Question, { verb: 'kill' | 'drain' | 'backend' | 'reload' | 'log' }>

function changeOf(question: Change): Request {
  switch (question.verb) {
    case 'kill':
      return {
        method: 'POST',
        path: '/api/v1/connections/kill',
        body: question.filter,
        lines: (answer) => [`killed ${(answer as Killed).killed}`],
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
    case 'reload':
      return {
        method: 'POST',
        path: '/api/v1/reload',
        isSlow: true,
        lines: (answer) => reloadLines(answer as Reloaded),
      }
    case 'log':
      return question.level === undefined
        ? { method: 'POST', path: '/api/v1/log/reopen', lines: () => ['reopened'] }
        : {
            method: 'PUT',
            path: '/api/v1/log/level',
            body: { level: question.level },
            lines: () => [`logs from ${question.level} on`],
          }
  }
}

const drainLine = ({ finished, closed, cut }: DrainResult): string =>
  `drained: ${finished} finished by themselves, ${closed} closed, ${cut} cut`

const backendLine = ({ address, setTo, weight, active }: BackendStatus): string =>
  `${address} is set ${setTo}, weight ${weight}, ${counted(active, 'connection')}`

function reloadLines({ changed, needsRestart }: Reloaded): string[] {
  const first = changed.length === 0 ? 'nothing has changed' : `taken up: ${changed.join(', ')}`
  return needsRestart.length === 0 ? [first] : [first, `only after a restart: ${needsRestart.join(', ')}`]
}
