/** What lists of connections say about one connection, by when somebody last looked at it. The test moves the clock. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Connection } from '../../../src/connection/connection.js'
import type { Life } from '../../../src/observe/records/life.js'
import { NOTHING_MOVED } from '../../../src/pipe/options.js'
import { ConnectionIds } from '../../../src/proxy/connection-ids.js'
import { ConnectionWatch } from '../../../src/proxy/reporting/connection-watch.js'

const SECOND = 1e6

/** ms since the accept. */
let now = 0
beforeEach(() => {
  now = 0
  vi.spyOn(performance, 'now').mockImplementation(() => now)
})
afterEach(() => {
  vi.restoreAllMocks()
})

/** The client read slowly for the first 8 s. Since then nothing has happened. */
function lifeNow(): Life {
  const quiet = { busyMicros: 0, rwndMicros: 0, sndbufMicros: 0, retransmits: 0, rtoMicros: 200_000 }
  const side = { ...quiet, ackedBytes: 0, bytesPerSecond: 0, silentMs: now }
  const times = {
    waitMicros: 0,
    routeMicros: 0,
    queuedMicros: 0,
    connectMicros: 0,
    firstByteMicros: undefined,
  }
  return {
    ...times,
    totalMicros: now * 1000,
    isOneTurn: true,
    client: { ...side, busyMicros: 8 * SECOND, rwndMicros: 8 * SECOND },
    backend: side,
    totals: NOTHING_MOVED,
    slowed: undefined,
  }
}

const connection = {
  id: 'one',
  service: { name: 'front' },
  phase: 'data',
  totals: NOTHING_MOVED,
  pipe: undefined,
  get ageMs() {
    return now
  },
  facts: () => ({ listener: 'front', tags: {}, acceptedAt: 0, totalMicros: now * 1000, life: lifeNow() }),
} as unknown as Connection

/** Returns how to list the connection, and how to list others, at a time in ms. */
function watched() {
  const watch = new ConnectionWatch({ ids: new ConnectionIds(), connections: () => [connection] })
  const listAt = (ms: number, id: string) => {
    now = ms
    return watch.list({ ids: [id] }).connections.map(({ limitedShares }) => limitedShares?.client)
  }
  return { look: (ms: number) => listAt(ms, 'one'), lookAtOthers: (ms: number) => listAt(ms, 'other') }
}

it('the first look tells of the whole life, and the next one of the time since then', () => {
  const { look } = watched()
  expect([look(10_000), look(10_999), look(25_000)]).toEqual([[0.8], [0.8], [undefined]])
})

it('the next look counts as the first one if only others were listed for more than 15 s', () => {
  const { look, lookAtOthers } = watched()
  expect(look(10_000)).toEqual([0.8])
  for (const ms of [15_000, 20_000, 25_000]) expect(lookAtOthers(ms)).toEqual([])
  expect([look(25_001), look(26_001)]).toEqual([[0.32], [undefined]])
})
