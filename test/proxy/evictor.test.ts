/** Which connections end when file descriptors or memory run out, on fakes with a clock that the test moves. */
import { pino } from 'pino'
import { beforeEach, describe, expect, it } from 'vitest'
import { validateConfig } from '../../src/config/validate.js'
import type { Connection } from '../../src/connection/connection.js'
import { Evictor, type EvictorOptions } from '../../src/proxy/evictor.js'

interface Fake {
  readonly name: string
  readonly movedAt: number
  readonly isInFlight?: boolean
  /** It has no backend yet. */
  readonly isOpening?: boolean
}

let ended: string[]
let lines: string[]
let now: number
let open: Fake[]

beforeEach(() => {
  ended = []
  lines = []
  now = 100_000
  open = []
})

const connectionOf = ({ name, movedAt, isInFlight = false, isOpening = false }: Fake) =>
  ({
    pipe: isOpening ? undefined : { movedAt, isInFlight },
    end(cause: string) {
      ended.push(`${name} ${cause}`)
      open = open.filter((each) => each.name !== name)
    },
  }) as unknown as Connection

const configOf = (limits: object | undefined) =>
  validateConfig({
    listeners: [{ address: '127.0.0.1:1', cluster: 'back' }],
    clusters: { back: { backends: ['127.0.0.1:2'] } },
    ...(limits && { limits }),
  })

/** By default nothing is used up, and connections that have been idle for 10 s may end. */
function evictorWith({
  limits = { evictIdle: { afterMs: '10s' } },
  ...more
}: Partial<EvictorOptions> & { limits?: object | undefined } = {}): Evictor {
  const config = configOf(limits)
  return new Evictor({
    engine: { counts: () => undefined },
    log: pino({}, { write: (line) => void lines.push(JSON.parse(line).msg) }),
    config: () => config,
    connections: () => open.map(connectionOf),
    most: () => undefined,
    now: () => now,
    ...more,
  })
}

const idleFor = (name: string, seconds: number, more: Partial<Fake> = {}): Fake => ({
  name,
  movedAt: now - seconds * 1000,
  ...more,
})

describe('a process without free file descriptors', () => {
  it('ends the connection that has been idle longest, and the next one a second later', () => {
    open = [idleFor('short', 11), idleFor('longest', 60), idleFor('long', 30)]
    const evictor = evictorWith()
    evictor.ranOut()
    evictor.ranOut()
    expect(ended).toEqual(['longest evicted'])
    now += 1000
    evictor.ranOut()
    expect(ended).toEqual(['longest evicted', 'long evicted'])
    expect(lines).toEqual(['idle connections are ended: file descriptors ran out'])
  })

  it('ends one of a hundred connections at a time', () => {
    open = Array.from({ length: 350 }, (_, index) => idleFor(`c${index}`, 100 + index))
    evictorWith().ranOut()
    expect(ended).toEqual(['c349 evicted', 'c348 evicted', 'c347 evicted'])
  })

  it('ends no connection that is not idle for long enough, or has no backend yet', () => {
    open = [idleFor('busy', 9.9), idleFor('opening', 60, { isOpening: true })]
    evictorWith().ranOut()
    expect([ended, lines]).toEqual([[], []])
  })

  it.each([
    ['without evictIdle', { maxConnections: 5 }],
    ['without limits', undefined],
    ['with dryRun', { evictIdle: { afterMs: '10s' }, dryRun: true }],
  ])('ends nobody %s', (_, limits) => {
    open = [idleFor('idle', 60)]
    const evictor = evictorWith({ limits: limits ?? {}, most: () => 1 })
    evictor.ranOut()
    evictor.look()
    expect(ended).toEqual([])
  })
})

describe('a look whether anything is used up', () => {
  it('a look ends somebody if there are as many connections as the file descriptors are enough for', () => {
    open = [idleFor('a', 60), idleFor('b', 50)]
    evictorWith({ most: () => 3 }).look()
    expect(ended).toEqual([])
    evictorWith({ most: () => 2 }).look()
    expect(ended).toEqual(['a evicted'])
  })

  it('a look ends the longest idle connection that holds bytes if the memory of kernel pipes is used up', () => {
    open = [idleFor('empty', 90), idleFor('stuck', 60, { isInFlight: true })]
    const counts = (pinnedBytes: number) => ({
      engine: {
        counts: () => ({ pinnedBytes, pinnedBudgetBytes: 1000 }),
      } as unknown as EvictorOptions['engine'],
    })
    evictorWith(counts(999)).look()
    expect(ended).toEqual([])
    evictorWith(counts(1000)).look()
    expect(ended).toEqual(['stuck evicted'])
    expect(lines).toEqual(['idle connections are ended: the memory of kernel pipes is used up'])
  })
})
