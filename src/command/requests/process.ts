/**
 * The process as a whole: its status, its config and its log. Pure.
 */
import type { Reloaded, Upgraded } from '../../control/answers.js'
import type { ProxyStatus } from '../../observe/status.js'
import type { Named } from '../completion/named.js'
import type { LogChange } from '../verbs/question.js'
import { statusLines } from '../views.js'
import type { Request } from './request.js'

interface LogAnswer {
  readonly level: string
  readonly file?: string
}

export function statusRequest(): Request {
  return {
    method: 'GET',
    path: '/api/v1/status',
    lines: (answer) => statusLines(answer as ProxyStatus, Date.now()),
  }
}

export function namesRequest(of: Named): Request {
  const lists = { listener: 'listeners', cluster: 'clusters' } as const
  return { ...statusRequest(), lines: (answer) => (answer as ProxyStatus)[lists[of]].map(({ name }) => name) }
}

export function reloadRequest(): Request {
  return {
    method: 'POST',
    path: '/api/v1/reload',
    isSlow: true,
    lines: (answer) => reloadLines(answer as Reloaded),
  }
}

export function upgradeRequest(): Request {
  return {
    method: 'POST',
    path: '/api/v1/upgrade',
    isSlow: true,
    lines: (answer) => {
      // An earlier version does not tell how long clients waited.
      const { pid, version, tookMs, pausedMs } = answer as Omit<Upgraded, 'pausedMs'> & Partial<Upgraded>
      const waited = pausedMs === undefined ? '' : `; new clients waited for ${pausedMs} ms`
      return [`upgraded in ${tookMs} ms: process ${pid} serves, millrace ${version}${waited}`]
    },
  }
}

export function logRequest(change: LogChange | undefined): Request {
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

function reloadLines({ changed, needsRestart, changes }: Reloaded): string[] {
  return [
    changed.length === 0 ? 'nothing changed in the config' : `reloaded: ${changed.join(', ')}`,
    ...(needsRestart.length === 0 ? [] : [`needs a restart: ${needsRestart.join(', ')}`]),
    ...(changes?.kept ?? []).map((text) => `not in the file, and kept: ${text}`),
    ...(changes?.ended ?? []).map((text) => `in the file by now: ${text}`),
    ...(changes?.aside ?? []).map((text) => `does not fit the file, and has no effect: ${text}`),
  ]
}
