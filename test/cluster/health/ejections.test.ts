import fc from 'fast-check'
import { beforeEach, expect, test } from 'vitest'
import { Ejections, RESET, SILENT } from '../../../src/cluster/health/ejections.js'
import type { EjectPolicy } from '../../../src/cluster/health/policy.js'

const POLICY: EjectPolicy = { failures: 3, forMs: 1000, maxForMs: 5000, maxPercent: undefined }

let policy: EjectPolicy | false
let mayBeSkipped: boolean
let random: number
let health: Ejections
beforeEach(() => {
  policy = POLICY
  mayBeSkipped = true
  random = 0.5
  health = create()
})

const create = (): Ejections =>
  new Ejections({ policy: () => policy, mayBeSkipped: () => mayBeSkipped, random: () => random })
const fail = (now: number, errno = 'ECONNREFUSED', wasCurrent = true, addresses = 1): boolean =>
  health.failed({ errno, wasCurrent, addresses }, now)
/** Fails as often as it takes. Returns how long the backend is skipped, in ms. */
function eject(now: number): number {
  for (let turn = 0; turn < POLICY.failures; ++turn) fail(now)
  return health.skippedUntil - now
}

test('a backend is ejected by failures in a row, and a connect that succeeds begins a new row', () => {
  expect([fail(0), fail(0)]).toEqual([false, false])
  health.connected(0)
  expect([fail(1), fail(1), health.isDown]).toEqual([false, false, false])
  expect(fail(1)).toBe(true)
  expect(health).toMatchObject({ isDown: true, skippedUntil: 1001, failures: 5, lastError: 'ECONNREFUSED' })
})

test('each ejection is longer by one step, up to the longest', () => {
  let now = 0
  const times = [eject(now)]
  for (let turn = 0; turn < 5; ++turn) {
    now = health.skippedUntil
    fail(now)
    times.push(health.skippedUntil - now)
  }
  expect(times).toEqual([1000, 2000, 3000, 4000, 5000, 5000])
})

test('ejections get shorter again by one step for each 10 s without one', () => {
  eject(0)
  fail(1000)
  fail(3000)
  health.connected(6000)
  expect(eject(6000)).toBe(4000)
  health.connected(10_000)
  expect(eject(30_000)).toBe(3000)
  health.connected(33_000)
  expect(eject(600_000)).toBe(1000)
})

test.each([
  [0, 800],
  [0.999_999, 1200],
])('a draw of %d makes an ejection of 1 s take %d ms', (draw, ms) => {
  random = draw
  expect(eject(0)).toBe(ms)
})

test('no draw makes an ejection longer than the longest', () => {
  random = 0.999_999
  policy = { ...POLICY, maxForMs: 1000 }
  expect(eject(0)).toBe(1000)
})

test('failures during an ejection are counted and do not lengthen it', () => {
  eject(0)
  for (let now = 1; now < 50; now++) expect(fail(now, 'ETIMEDOUT')).toBe(false)
  expect(health).toMatchObject({ skippedUntil: 1000, failures: 52, lastError: 'ETIMEDOUT' })
})

test('after an ejection one connect goes ahead alone, until one succeeds', () => {
  eject(0)
  expect([health.isAvailable(999, 0), health.isAvailable(1000, 0)]).toEqual([false, true])
  expect(health.isAvailable(1000, 1)).toBe(false)
  health.connected(1000)
  expect(health.isAvailable(1000, 1)).toBe(true)
})

test('a connect that was on its way when others failed ends the ejection, which then does not count', () => {
  eject(0)
  health.connected(10)
  expect(health).toMatchObject({ isDown: false, skippedUntil: 0 })
  expect(eject(20)).toBe(1000)
})

test('a backend that the cluster cannot do without is down and not skipped', () => {
  mayBeSkipped = false
  eject(5)
  expect(health).toMatchObject({ isDown: true, skippedUntil: 0, verdict: { restMs: 0 } })
  expect(health.isAvailable(5, 9)).toBe(true)
  mayBeSkipped = true
  expect(fail(6)).toBe(true)
  expect(health.skippedUntil).toBe(1006)
})

test.each(['EADDRNOTAVAIL', 'EAGAIN'])('a backend is not blamed for %s, a lack of local ports', (errno) => {
  for (let turn = 0; turn < 9; ++turn) expect(fail(0, errno)).toBe(false)
  expect(health).toMatchObject({ isDown: false, failures: 0, lastError: undefined })
})

test('a backend with several addresses is ejected only when all have failed', () => {
  for (let turn = 0; turn < 9; ++turn) fail(0, 'ECONNREFUSED', false, 2)
  expect(fail(0, 'ECONNREFUSED', true, 2)).toBe(false)
  expect(fail(0, 'ECONNREFUSED', true, 2)).toBe(true)
})

test('with eject: false a backend is never down, and its failures are counted', () => {
  policy = false
  for (let turn = 0; turn < 50; ++turn) expect(fail(0) || health.unanswered(RESET, 0)).toBe(false)
  expect(health).toMatchObject({ isDown: false, failures: 50 })
})

test('connections that get no answer eject a backend, and an answer begins a new row', () => {
  health.unanswered(RESET, 0)
  health.unanswered(SILENT, 0)
  health.answered(0)
  expect([health.unanswered(RESET, 0), health.unanswered(RESET, 0)]).toEqual([false, false])
  health.connected(0)
  expect(health.unanswered(RESET, 0)).toBe(true)
  expect(health.verdict).toMatchObject({ judgedBy: 'answers', reason: 'L7RSP', detail: 'ECONNRESET' })
})

test('a backend that was ejected for want of answers is ejected again by one more', () => {
  for (let turn = 0; turn < POLICY.failures; ++turn) health.unanswered(SILENT, 0)
  expect(health.verdict).toMatchObject({ reason: 'L7TOUT', detail: undefined })
  health.connected(500)
  expect(health.isDown).toBe(true)
  health.connected(1000)
  expect(health.isDown).toBe(false)
  expect(health.unanswered(SILENT, 1001)).toBe(true)
  expect(health.skippedUntil).toBe(3001)
})

test('a backend that cannot be skipped is down for want of answers until it answers, whatever connects say', () => {
  mayBeSkipped = false
  for (let turn = 0; turn < POLICY.failures; ++turn) health.unanswered(RESET, 0)
  for (let turn = 0; turn < 9; ++turn) {
    health.connected(turn)
    expect(health).toMatchObject({ isDown: true, skippedUntil: 0 })
    health.unanswered(RESET, turn)
  }
  health.answered(9)
  expect(health.isDown).toBe(false)
})

test('an ejection that another process tells holds here, and ends when that process says so', () => {
  const verdict = {
    judgedBy: 'connects',
    reason: 'L4CON',
    detail: 'ECONNREFUSED',
    restMs: 700,
    times: 4,
  } as const
  health.told(verdict, 100)
  expect(health).toMatchObject({ isDown: true, skippedUntil: 800, failures: 0 })
  fail(800)
  expect(health.skippedUntil).toBe(5800)
  health.clear(900)
  expect(health).toMatchObject({ isDown: false, skippedUntil: 0 })
})

test('a backend with a new address may be tried at once, and is down until a connect succeeds', () => {
  eject(5)
  health.moved(6)
  expect([health.isAvailable(6, 0), health.isAvailable(6, 1), health.isDown]).toEqual([true, false, true])
})

test('a backend that is forgiven is up, and its next ejection is the first one', () => {
  eject(0)
  fail(1000)
  health.forgive()
  expect(health).toMatchObject({ isDown: false, skippedUntil: 0, failures: 4, lastError: 'ECONNREFUSED' })
  expect(eject(5000)).toBe(1000)
})

/** The rules in other words: it looks at all that has happened so far. */
class Model {
  failedInARow = 0
  unansweredInARow = 0
  times = 0
  recoveredAt = 0
  down: { until: number; by: 'connects' | 'answers' } | undefined

  failed(kind: 'connects' | 'answers', now: number): void {
    const isExpected = kind === 'answers' || this.down?.by === 'connects'
    if (this.down !== undefined && now < this.down.until && isExpected) return
    if (kind === 'connects') this.failedInARow += 1
    else this.unansweredInARow += 1
    const inARow = kind === 'connects' ? this.failedInARow : this.unansweredInARow
    if (this.down?.by !== kind && inARow < POLICY.failures) return
    if (this.down === undefined)
      this.times = Math.max(0, this.times - Math.floor((now - this.recoveredAt) / 10_000))
    this.times += 1
    this.down = { until: now + Math.min(POLICY.forMs * this.times, POLICY.maxForMs), by: kind }
    this.failedInARow = 0
    this.unansweredInARow = 0
  }

  connected(now: number): void {
    this.failedInARow = 0
    if (this.down === undefined) return
    const isEarly = now < this.down.until
    if (this.down.by === 'answers' && isEarly) return
    if (this.down.by === 'answers') this.unansweredInARow = POLICY.failures - 1
    if (isEarly) this.times -= 1
    this.recover(now)
  }

  clear(now: number): void {
    this.failedInARow = 0
    this.unansweredInARow = 0
    if (this.down !== undefined) this.recover(now)
  }

  private recover(now: number): void {
    this.down = undefined
    this.recoveredAt = now
  }
}

test('whatever happens in whatever order, a backend is ejected when the rules say so', () => {
  const happening = fc.record({
    what: fc.constantFrom(
      'fails',
      'fails',
      'is silent',
      'is silent',
      'is silent',
      'connects',
      'answers',
      'passes',
    ),
    afterMs: fc.integer({ min: 0, max: 6000 }),
  })
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 60 }), (happenings) => {
      health = create()
      const model = new Model()
      let now = 1
      for (const { what, afterMs } of happenings) {
        now += afterMs
        if (what === 'fails') {
          fail(now)
          model.failed('connects', now)
        } else if (what === 'is silent') {
          health.unanswered(SILENT, now)
          model.failed('answers', now)
        } else if (what === 'connects') {
          health.connected(now)
          model.connected(now)
        } else if (what === 'answers') {
          health.answered(now)
          model.unansweredInARow = 0
        } else {
          health.clear(now)
          model.clear(now)
        }
        expect([health.isDown, health.skippedUntil]).toEqual([
          model.down !== undefined,
          model.down?.until ?? 0,
        ])
      }
    }),
    { numRuns: 500 },
  )
})
