/** One screen of `top`: rates between two moments, in the size of the terminal, without control characters. */
import { describe, expect, it } from 'vitest'
import { frame as frameOf, type Size } from '../../../src/command/top/frame.js'
import type { Moment } from '../../../src/command/top/rows.js'
import { FIRST_VIEW } from '../../../src/command/top/view.js'
import { validateConfig } from '../../../src/config/validate.js'
import type { ConnectionInfo } from '../../../src/control/answers.js'
import type { BackendReport } from '../../../src/observe/status.js'
import { RunningProxy } from '../../../src/proxy/running-proxy.js'
import { DIRECTION } from '../../../src/status/connection.js'
import { blank } from '../../support/blank.js'

const SIZE = { columns: 100, rows: 30 }
const frame = (before: Moment | undefined, now: Moment, size: Size, note = ''): readonly string[] =>
  frameOf({ before, now, note }, FIRST_VIEW, size).lines
const { status } = (() => {
  const config = validateConfig({
    listeners: [{ name: 'front', address: '127.0.0.1:1', cluster: 'back' }],
    clusters: { back: { backends: ['127.0.0.1:2', '127.0.0.1:3'] } },
    log: { level: 'silent' },
  })
  return { status: new RunningProxy(config).status() }
})()

const direction = (bytesPerSecond: number) =>
  ({ ...blank(DIRECTION), bytes: 1, bytesPerSecond, carrier: 'copy', notSplicing: 'small' }) as const
const connection = (client: string): ConnectionInfo => ({
  id: '01ARYZ6S410000000000000000',
  predecessor: undefined,
  listener: 'front',
  protocol: 'TCP',
  client,
  cluster: 'back',
  backend: '127.0.0.1:2',
  backendAddress: '127.0.0.1:2',
  via: undefined,
  sni: undefined,
  tags: undefined,
  phase: 'data',
  startedAt: '2026-01-01T00:00:00.000Z',
  ageMs: 65_000,
  idleMs: 0,
  limitedBy: undefined,
  limitedShares: undefined,
  up: direction(1500),
  down: direction(0),
})

/** The moment at `seconds`, with `bytesUp` at the listener and in total. */
function moment(seconds: number, bytesUp: number, connections: readonly ConnectionInfo[] = []): Moment {
  const traffic = {
    bytesUp,
    bytesDown: 0,
    splicedUp: bytesUp / 2,
    splicedDown: 0,
    receivedUp: 0,
    receivedDown: 0,
  }
  const listeners = status.listeners.map((each) => ({
    ...each,
    isListening: true,
    traffic,
    accepted: bytesUp / 100,
  }))
  const totals = { ...status.connections, ...traffic }
  return { at: 1000 * seconds, status: { ...status, listeners, connections: totals }, connections }
}

describe('a screen of top', () => {
  it('top shows how many clients were denied between two moments, and no such column if none were', () => {
    const denying = (seconds: number, count: number): Moment => {
      const now = moment(seconds, 1000)
      const listeners = now.status.listeners.map((each) => ({ ...each, denied: [{ why: 'rate', count }] }))
      return { ...now, status: { ...now.status, listeners } }
    }
    const shown = (count: number) => frame(denying(0, 10), denying(2, count), SIZE).slice(3, 5)
    expect(shown(10)[0]).not.toContain('DENIED/S')
    expect(shown(50)[0]).toMatch(/NEW\/S +DENIED\/S +UP\/S/)
    expect(shown(50)[1]).toMatch(/^front +0 +0\.0 +20\.0 /)
  })

  it('top shows the rates between two moments', () => {
    const lines = frame(moment(0, 1000), moment(2, 5000, [connection('192.0.2.1:5')]), SIZE)
    expect(lines[1]).toBe('0 connections  up 2.00 KB/s  down 0 B/s  spliced 50%')
    expect(lines.find((line) => line.startsWith('front'))).toMatch(
      /front +0 +20\.0 +2\.00 KB\/s +0 B\/s +50%/,
    )
    expect(lines.at(-2)).toMatch(
      /^192\.0\.2\.1:5 +127\.0\.0\.1:2 +1m 5s +1\.50 KB\/s +0 B\/s +copy\/copy \(small\)$/,
    )
  })

  it('top shows the tier of backends, and why and when they went down, if there is such a thing', () => {
    const shown = (fields: Partial<BackendReport>): string | undefined => {
      const clusters = status.clusters.map((each) => ({
        ...each,
        backends: each.backends.map((backend) => ({ ...backend, ...fields })),
      }))
      const lines = frame(undefined, { ...moment(100, 0), status: { ...status, clusters } }, SIZE)
      return lines.find((line) => line.startsWith('back/'))?.replace(/ +/g, ' ')
    }
    expect(shown({})).toBe('back/127.0.0.1:2 up 0 0 B/s 0 B/s –')
    const changedAt = new Date(95_000).toISOString()
    expect(shown({ tier: 1, state: 'down', changedAt, judgedBy: 'check', reason: 'L4TOUT' })).toBe(
      'back/127.0.0.1:2 1 down 0 0 B/s 0 B/s – 5.0s ago L4TOUT by check',
    )
  })

  it('top shows a rate of 0 at its first moment and after a restart of millrace', () => {
    for (const before of [undefined, moment(0, 9000)]) {
      expect(frame(before, moment(1, 10), SIZE)[1]).toContain('up 0 B/s')
    }
  })

  it.each([
    { columns: 80, rows: 24 },
    { columns: 20, rows: 5 },
    { columns: 1, rows: 1 },
  ])('a screen of top fits into $columns columns and $rows rows', (size) => {
    const many = Array.from({ length: 50 }, (_, i) => connection(`192.0.2.1:${i}`))
    const lines = frame(moment(0, 1), moment(1, 2, many), size, '(a note)')
    expect(lines.length).toBeLessThanOrEqual(size.rows)
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(size.columns)
  })

  it('top escapes control characters in the address of a client', () => {
    const evil = connection('\u001b[2J\u0007\u202e\r\nunix:/x')
    const text = frame(moment(0, 1), moment(1, 2, [evil]), SIZE).join('')
    expect(text).not.toMatch(/[\p{Cc}\p{Cf}]/u)
    expect(text).toContain('<U+001B>[2J<U+0007><U+202E><U+000D><U+000A>unix:/x')
  })
})
