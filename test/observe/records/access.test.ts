/** Which connections get a record. Each ended connection counts as written, skipped or dropped. */
import fc from 'fast-check'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import type { AccessConfig } from '../../../src/config/schemas/log-schema.js'
import { borrowLog } from '../../../src/observe/log/borrowed-log.js'
import type { OpenLog } from '../../../src/observe/log/log.js'
import { AccessLog } from '../../../src/observe/records/access.js'
import { type ConnectionFacts, type RecordEnding, toRecord } from '../../../src/observe/records/record.js'
import { UlidSource } from '../../../src/observe/records/ulid.js'

const EVERYTHING: AccessConfig = {
  sample: 1,
  always: [],
  minBytes: 0,
  minMs: 0,
  atOpen: false,
  everyMs: 0,
  redact: [],
}
const FINISHED: RecordEnding = { by: 'client', phase: 'data', cause: 'finished' }
const NO_BACKEND: RecordEnding = { by: 'backend', phase: 'connect', cause: 'no-backend' }
const DENIED: RecordEnding = { by: 'proxy', phase: 'opening', cause: 'denied: banned' }
const ANYTHING = { bytes: 1000, ageMs: 1000, ending: FINISHED }

const ID = '01ARYZ6S410000000000000000'
const FACTS: ConnectionFacts = {
  acceptedAt: 0,
  listener: 'front',
  protocol: 'TCP',
  tags: {},
  client: '192.0.2.77:50000',
  cluster: 'back',
  backend: undefined,
  backendAddress: undefined,
  via: undefined,
  retries: 0,
  choice: undefined,
  waitMicros: undefined,
  queuedMicros: undefined,
  connectMicros: undefined,
  firstByteMicros: undefined,
  totalMicros: 1000,
  clientRttMicros: undefined,
  backendRttMicros: undefined,
  bytesUp: 0,
  bytesDown: 0,
  splicedUp: 0,
  splicedDown: 0,
  notSplicing: undefined,
  limited: undefined,
  life: undefined,
}

const ENDINGS: fc.Arbitrary<RecordEnding> = fc.constantFrom(FINISHED, NO_BACKEND)

/** A log that keeps its lines, and takes at most `most` records. */
function keep(level = 'info', most = Number.POSITIVE_INFINITY): OpenLog & { lines: object[] } {
  const lines: object[] = []
  const log = pino({ level }, { write: (line) => void lines.push(JSON.parse(line)) })
  const record: OpenLog['record'] = (id, facts, ended, tally) => {
    const isTaken = lines.length < most
    if (isTaken) lines.push(toRecord(id, facts, ended))
    tally[isTaken ? 'written' : 'dropped']++
    return isTaken
  }
  return { ...borrowLog(log, 'info'), record, lines }
}

const of = (config: Partial<AccessConfig>, chance?: () => number): AccessLog =>
  new AccessLog(keep(), { ...EVERYTHING, ...config }, chance)

describe('the access log', () => {
  it('the access log writes the records whose random number is below sample', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true })
    const below1 = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
    fc.assert(
      fc.property(share, fc.array(below1, { minLength: 1 }), (sample, chances) => {
        const rest = [...chances]
        const access = of({ sample }, () => rest.shift()!)
        const wanted = chances.filter(() => access.wants(ANYTHING)).length
        expect(wanted).toBe(chances.filter((chance) => chance < sample).length)
        expect(access.counts().skipped).toBe(chances.length - wanted)
      }),
    )
  })

  it.each([
    [0, 0],
    [1, 1000],
  ])('the access log with sample: %d writes %d of 1000 records', (sample, count) => {
    const access = of({ sample })
    const wanted = Array.from({ length: 1000 }, () => access.wants(ANYTHING)).filter(Boolean)
    expect(wanted).toHaveLength(count)
  })

  it('the access log with sample: 0.5 writes about half of the records', () => {
    const access = of({ sample: 0.5 })
    const wanted = Array.from({ length: 10_000 }, () => access.wants(ANYTHING)).filter(Boolean)
    // Both limits are ten standard deviations away.
    expect(wanted.length).toBeGreaterThan(4500)
    expect(wanted.length).toBeLessThan(5500)
  })

  it('the access log with always: [errors] writes errors that the other keys leave out, and no denied clients', () => {
    const nothing = { sample: 0, minBytes: 10 ** 9, minMs: 10 ** 9 }
    expect(of({ ...nothing, always: ['errors'] }).wants({ ...ANYTHING, ending: NO_BACKEND })).toBe(true)
    expect(of({ ...nothing, always: ['errors'] }).wants(ANYTHING)).toBe(false)
    expect(of({ ...nothing, always: ['errors'] }).wants({ ...ANYTHING, ending: DENIED })).toBe(false)
    expect(of(nothing).wants({ ...ANYTHING, ending: NO_BACKEND })).toBe(false)
  })

  it('the access log leaves out connections below minBytes or minMs, but not those at the limit', () => {
    expect(of({ minBytes: 1001 }).wants(ANYTHING)).toBe(false)
    expect(of({ minBytes: 1000 }).wants(ANYTHING)).toBe(true)
    expect(of({ minMs: 1001 }).wants(ANYTHING)).toBe(false)
    expect(of({ minMs: 1000 }).wants(ANYTHING)).toBe(true)
  })

  it('the access log writes no record if access is false or the level is above info', () => {
    expect(new AccessLog(keep(), false).wants(ANYTHING)).toBe(false)
    expect(new AccessLog(keep('warn'), EVERYTHING).wants(ANYTHING)).toBe(false)
  })

  it('the access log counts each connection once as written, skipped or dropped', () => {
    const candidates = fc.array(fc.record({ bytes: fc.nat(20), ageMs: fc.nat(20), ending: ENDINGS }))
    const configs = fc.record({
      sample: fc.constantFrom(0, 0.5, 1),
      always: fc.subarray(['errors'] as const),
      minBytes: fc.nat(20),
      minMs: fc.nat(20),
    })
    fc.assert(
      fc.property(candidates, configs, fc.nat(20), (all, config, most) => {
        const log = keep('info', most)
        const access = new AccessLog(log, { ...EVERYTHING, ...config })
        for (const each of all) if (access.wants(each)) access.write(ID, FACTS, FINISHED)
        const { written, skipped, dropped } = access.counts()
        expect(written + skipped + dropped).toBe(all.length)
        expect(written).toBe(log.lines.length)
        if (log.lines.length < most) expect(dropped).toBe(0)
      }),
    )
  })

  it('the access log writes all records of a connection whose id is in the sample, or none', () => {
    const log = keep()
    const access = new AccessLog(log, { ...EVERYTHING, sample: 0.5 }, () => 0)
    const source = new UlidSource()
    const ids = Array.from({ length: 100 }, () => source.next())
    for (const ending of [undefined, undefined, FINISHED])
      for (const id of ids) if (access.wants({ ...ANYTHING, ending, id })) access.write(id, FACTS, ending)
    const ended = log.lines.filter((line) => 'ended' in line).length
    expect(log.lines).toHaveLength(3 * ended)
    expect(access.counts()).toEqual({
      written: 3 * ended,
      whileOpen: 2 * ended,
      skipped: ids.length - ended,
      dropped: 0,
    })
  })

  it('the access log follows a new config from then on', () => {
    const log = keep()
    const access = new AccessLog(log, EVERYTHING)
    access.write(ID, FACTS, FINISHED)
    access.update({ ...EVERYTHING, redact: ['client'] })
    access.write(ID, FACTS, FINISHED)
    access.update(false)
    expect(access.wants(ANYTHING)).toBe(false)
    access.write(ID, FACTS, FINISHED)
    expect(log.lines).toMatchObject([{ client: '192.0.2.77:50000' }, { client: '192.0.2.0:0' }])
    expect(access.counts()).toEqual({ written: 2, whileOpen: 0, skipped: 1, dropped: 0 })
  })

  it("the access log writes to a user's own logger at level info, with a message", () => {
    const lines: object[] = []
    const log = pino({ base: null }, { write: (line) => void lines.push(JSON.parse(line)) })
    new AccessLog(borrowLog(log, 'info'), EVERYTHING).write(ID, FACTS, FINISHED)
    expect(lines).toMatchObject([{ level: 30, msg: 'connection', id: ID, termination: '--' }])
  })
})
