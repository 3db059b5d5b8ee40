/** What the process keeps of the last five minutes, for a page that is opened later. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { history as answer } from '../../src/admin/api/schemas.js'
import { History } from '../../src/admin/history.js'
import { MOST_ROWS, sampleOf } from '../../src/admin/sample.js'
import { asValues, type Values } from '../../src/observe/counts/merge.js'
import type { ProxyStatus } from '../../src/observe/status.js'
import { BACKEND, CLUSTER } from '../../src/status/cluster.js'
import type { Told } from '../../src/status/fields.js'
import { ENDING, LISTENER } from '../../src/status/listener.js'
import { COUNTS_SAMPLE, TRAFFIC_SAMPLE } from '../../src/status/sample.js'
import { STATUS } from '../../src/status/status.js'
import { blank } from '../support/blank.js'

const listener = (name: string, accepted = 0) => ({ ...blank(LISTENER), name, accepted })
const cluster = (name: string, addresses: readonly string[]) => ({
  ...blank(CLUSTER),
  name,
  backends: addresses.map((address) => ({ ...blank(BACKEND), address })),
})
const statusOf = (fields: object = {}): ProxyStatus => ({
  ...blank(STATUS),
  notSplicing: undefined,
  ...fields,
})
const numbered = (count: number) => Array.from({ length: count }, (_, index) => String(index))

const sample = (fields: object, before?: Values) =>
  sampleOf(TRAFFIC_SAMPLE, statusOf(fields), before) as unknown as Told<typeof TRAFFIC_SAMPLE>

describe('a sample of a status', () => {
  it('a sample has only the fields of its description', () => {
    const { listeners } = sample({ listeners: [listener('web', 3)] })
    expect(Object.keys(listeners[0]!)).toEqual(['name', 'active', 'accepted', 'traffic'])
  })

  it('samples share what is equal in both', () => {
    const before = sample({ listeners: [listener('a'), listener('b')] })
    const after = sample({ listeners: [listener('a'), listener('b', 1)] }, asValues(before))
    expect(after.listeners[0]).toBe(before.listeners[0])
    expect(after.listeners[1]).toMatchObject({ name: 'b', accepted: 1 })
    expect(after.listeners[1]!.traffic).toBe(before.listeners[1]!.traffic)
    expect(after.connections).toBe(before.connections)
    expect(sample({ listeners: [listener('a')] }, asValues(before)).listeners).toHaveLength(1)
  })

  it('there is no sample of a status with more than 1000 rows in all its lists', () => {
    const fits = statusOf({
      clusters: [cluster('a', numbered(MOST_ROWS / 2)), cluster('b', numbered(MOST_ROWS / 2 - 2))],
    })
    const tooMany = statusOf({
      clusters: [cluster('a', numbered(MOST_ROWS / 2)), cluster('b', numbered(MOST_ROWS / 2 - 1))],
    })
    expect(sampleOf(COUNTS_SAMPLE, fits)).toBeDefined()
    expect(sampleOf(COUNTS_SAMPLE, tooMany)).toBeUndefined()
  })
})

describe('the history of the process', () => {
  let history: History
  let looks = 0
  let fields: object | undefined

  beforeEach(() => {
    vi.useFakeTimers()
    looks = 0
    fields = {}
    history = new History(async () => {
      looks++
      if (fields === undefined) throw new Error('no worker answers')
      return statusOf(fields)
    })
  })
  afterEach(() => {
    history.stop()
    vi.useRealTimers()
  })

  const ages = (list: 'traffic' | 'counts') => history.samples[list].map(({ agoMs }) => agoMs)

  it('the history has samples from the start, and forgets those that are older than five minutes', async () => {
    history.start()
    await vi.advanceTimersByTimeAsync(40_000)
    expect(ages('traffic')).toEqual([40_000, 30_000, 20_000, 10_000, 0])
    expect(ages('counts')).toEqual([40_000, 10_000])
    await vi.advanceTimersByTimeAsync(3_600_000)
    expect(ages('traffic')).toHaveLength(31)
    expect(ages('traffic')[0]).toBe(300_000)
    expect(() => answer.parse(JSON.parse(JSON.stringify(history.samples)))).not.toThrow()
  })

  it('the history counts endings that happened, and beside traffic only those that are errors', async () => {
    const ended = (cause: string, outcome: string, count: number) => ({
      ...blank(ENDING),
      cause,
      outcome,
      count,
    })
    fields = {
      endings: [
        ended('finished', 'ordinary', 2),
        ended('reset', 'error', 0),
        ended('no-backend', 'error', 1),
      ],
    }
    history.start()
    await vi.advanceTimersByTimeAsync(0)
    const { traffic, counts } = history.samples
    expect(traffic[0]!.endings.map(({ cause }) => cause)).toEqual(['no-backend'])
    expect(counts[0]!.endings.map(({ cause }) => cause)).toEqual(['finished', 'no-backend'])
  })

  it('a status that cannot be made is left out of the history', async () => {
    history.start()
    await vi.advanceTimersByTimeAsync(10_000)
    fields = undefined
    await vi.advanceTimersByTimeAsync(10_000)
    fields = {}
    await vi.advanceTimersByTimeAsync(10_000)
    expect(ages('traffic')).toEqual([30_000, 20_000, 0])
  })

  it('a status with too many rows ends the history, and the process is not asked for it again', async () => {
    history.start()
    await vi.advanceTimersByTimeAsync(30_000)
    fields = { clusters: [cluster('a', numbered(MOST_ROWS))] }
    await vi.advanceTimersByTimeAsync(30_000)
    expect(history.samples).toEqual({ traffic: [], counts: [] })
    const before = looks
    await vi.advanceTimersByTimeAsync(60_000)
    expect(looks).toBe(before)
  })

  it('a history that is stopped asks nobody any more', async () => {
    history.start()
    history.start()
    await vi.advanceTimersByTimeAsync(10_000)
    history.stop()
    const before = looks
    await vi.advanceTimersByTimeAsync(60_000)
    expect(looks).toBe(before)
  })
})
