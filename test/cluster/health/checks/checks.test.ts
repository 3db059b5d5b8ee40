import fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Agent, type AgentWords } from '../../../../src/cluster/health/checks/agent.js'
import { type CheckResult, Checks, type ChecksPolicy } from '../../../../src/cluster/health/checks/checks.js'
import { firstMs } from '../../../../src/cluster/health/checks/pace.js'
import type { AgentVerdict, CheckVerdict } from '../../../../src/cluster/health/verdict.js'

const POLICY: ChecksPolicy = {
  everyMs: 1000,
  fastMs: 100,
  downMs: 5000,
  jitterPercent: 0,
  rise: 2,
  fall: 3,
  init: 'up',
}
const PASS: CheckResult = { passed: true, reason: 'L4OK', detail: undefined }
const FAIL: CheckResult = { passed: false, reason: 'L4CON', detail: 'ECONNREFUSED' }

/** Who is being checked or asked: the test gives the answer. */
let answer: ((result: CheckResult | undefined) => void) | undefined
let cancelled: number
let draw: number
let told: CheckVerdict[]
let heard: (verdict: CheckVerdict) => void

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
  vi.setSystemTime(0)
  answer = undefined
  cancelled = 0
  draw = 0.5
  told = []
  heard = (verdict) => void told.push(verdict)
})
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

function begin(policy: Partial<ChecksPolicy> = {}, earlier?: CheckVerdict): Checks {
  const host = {
    policy: { ...POLICY, ...policy },
    check: (done: NonNullable<typeof answer>) => {
      if (answer !== undefined) throw new Error('the backend is being checked already')
      answer = (result) => {
        answer = undefined
        done(result)
      }
      return {
        cancel: () => {
          answer = undefined
          cancelled += 1
        },
      }
    },
    tell: (verdict: CheckVerdict) => heard(verdict),
    random: () => draw,
  }
  const checks = new Checks(host, earlier)
  checks.begin(0)
  return checks
}

/** ms until the next check begins. */
function wait(): number {
  const from = Date.now()
  while (answer === undefined) vi.advanceTimersToNextTimer()
  return Date.now() - from
}

/** Lets checks end with these results, one after the other. Returns the pauses before each. */
const results = (...all: (CheckResult | undefined)[]): number[] =>
  all.map((result) => {
    const ms = wait()
    answer!(result)
    return ms
  })

test('the pause after a check is short while the state changes, and long while the backend is down', () => {
  const checks = begin()
  expect(results(PASS, PASS, FAIL, FAIL, FAIL, FAIL, PASS, PASS, PASS)).toEqual([
    0, 1000, 1000, 100, 100, 5000, 5000, 100, 1000,
  ])
  checks.stop()
})

test.each([
  [0, 900],
  [0.5, 1000],
  [0.999_999, 1100],
])('with a jitter of 10 %% a draw of %d makes a pause of 1 s take %d ms', (some, ms) => {
  draw = some
  const checks = begin({ jitterPercent: 10 })
  expect(results(PASS, PASS)[1]).toBe(ms)
  checks.stop()
})

test('a check that takes long delays the next one, and no two of them run at the same time', () => {
  const checks = begin()
  wait()
  vi.advanceTimersByTime(60_000)
  answer!(PASS)
  expect(wait()).toBe(1000)
  checks.stop()
})

test('each verdict has the last reason, the time of the last change and all counts', () => {
  const checks = begin()
  results(PASS, FAIL, FAIL, FAIL)
  expect(told).toEqual([
    {
      isUp: true,
      reason: 'L4OK',
      detail: undefined,
      changedAt: 0,
      checks: 1,
      checksFailed: 0,
      passedAgoMs: 0,
    },
    {
      isUp: true,
      reason: 'L4CON',
      detail: 'ECONNREFUSED',
      changedAt: 0,
      checks: 2,
      checksFailed: 1,
      passedAgoMs: 0,
    },
    {
      isUp: true,
      reason: 'L4CON',
      detail: 'ECONNREFUSED',
      changedAt: 0,
      checks: 3,
      checksFailed: 2,
      passedAgoMs: 0,
    },
    {
      isUp: false,
      reason: 'L4CON',
      detail: 'ECONNREFUSED',
      changedAt: 1200,
      checks: 4,
      checksFailed: 3,
      passedAgoMs: 0,
    },
  ])
  expect(checks.verdict).toBe(told.at(-1))
  checks.stop()
})

test('a check that could not be made counts for nothing, and the next one comes', () => {
  const checks = begin()
  expect(results(undefined, undefined)).toEqual([0, 100])
  expect(told).toEqual([])
  checks.stop()
})

test('with init: down a backend is down at first, for INI, and one check that passes brings it up', () => {
  const checks = begin({ init: 'down' })
  expect(told).toMatchObject([{ isUp: false, reason: 'INI', checks: 0 }])
  results(PASS)
  expect(told.at(-1)).toMatchObject({ isUp: true, checks: 1 })
  checks.stop()
})

test('checks that follow other ones of the same backend begin with their state and counts, and one result can change it', () => {
  const earlier: CheckVerdict = {
    isUp: false,
    reason: 'L7STS',
    detail: 'status 503',
    changedAt: -5000,
    checks: 40,
    checksFailed: 7,
    passedAgoMs: 0,
  }
  const checks = begin({}, earlier)
  expect(told).toEqual([earlier])
  results(PASS)
  expect(told.at(-1)).toMatchObject({ isUp: true, changedAt: 0, checks: 41, checksFailed: 7 })
  checks.stop()
})

test('checks that stop end the one that is under way, and tell nothing more', () => {
  const checks = begin()
  wait()
  checks.stop()
  expect([cancelled, told, vi.getTimerCount()]).toEqual([1, [], 0])
  checks.begin(0)
  results(PASS)
  checks.stop()
  expect([cancelled, told.length]).toEqual([1, 1])
})

test('checks that are stopped because of what they tell do not go on', () => {
  const checks = begin()
  heard = () => checks.stop()
  wait()
  answer!(PASS)
  expect(vi.getTimerCount()).toBe(0)
})

test('checks that begin again after a stop believe one result against what they knew', () => {
  const checks = begin()
  results(PASS)
  checks.stop()
  checks.begin(0)
  results(FAIL)
  expect(told.at(-1)).toMatchObject({ isUp: false, checks: 2 })
  checks.stop()
})

test('first checks of backends that begin together are 20 ms apart, and all begin within the interval', () => {
  expect([0, 1, 2].map((position) => firstMs(2000, position, 3))).toEqual([0, 20, 40])
  expect(firstMs(2000, 9999, 10_000)).toBeLessThan(2000)
  expect(firstMs(2000, 5000, 10_000)).toBe(1000)
})

test('whatever happens, pauses follow the state, verdicts follow the results, and counts never fall', () => {
  const happening = fc.constantFrom('pass', 'pass', 'fail', 'fail', 'fail', 'nothing', 'stop')
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 40 }), (happenings) => {
      told = []
      answer = undefined
      const checks = begin()
      let [ended, failed] = [0, 0]
      for (const what of happenings) {
        if (what === 'stop') {
          checks.stop()
          checks.begin(0)
        } else {
          expect([0, 100, 1000, 5000]).toContain(wait())
          answer!(what === 'nothing' ? undefined : what === 'pass' ? PASS : FAIL)
        }
        if (what === 'pass' || what === 'fail') ended += 1
        if (what === 'fail') failed += 1
        expect(checks.verdict).toMatchObject({ checks: ended, checksFailed: failed })
      }
      const lastPass = told.findLastIndex(({ reason }) => reason === PASS.reason)
      if (told.length - 1 - lastPass >= POLICY.fall) expect(checks.verdict.isUp).toBe(false)
      checks.stop()
    }),
  )
})

function ask(replies: (AgentWords | undefined)[]): AgentVerdict[] {
  const said: AgentVerdict[] = []
  const queue = [...replies]
  const agent = new Agent({
    everyMs: 2000,
    ask: (done) => {
      const timer = setTimeout(() => done(queue.shift()), 1)
      return { cancel: () => clearTimeout(timer) }
    },
    tell: (verdict) => said.push(verdict),
    random: () => draw,
  })
  agent.begin(0)
  vi.advanceTimersByTime(2001 * replies.length - 1000)
  expect(queue).toEqual([])
  agent.stop()
  return said
}

test('words that an agent leaves out stay as they were, and so do all when it cannot be reached', () => {
  const said = ask([{ weightPercent: 50 }, { isUp: false, reason: 'disk' }, undefined, { admin: 'drain' }])
  expect(said).toEqual([
    { isUp: undefined, admin: undefined, weightPercent: 50, reason: undefined },
    { isUp: false, admin: undefined, weightPercent: 50, reason: 'disk' },
    { isUp: false, admin: 'drain', weightPercent: 50, reason: undefined },
  ])
})

test('an agent that says the same again is not told again', () => {
  expect(ask([{ isUp: true, weightPercent: 75 }, { isUp: true, weightPercent: 75 }, {}])).toHaveLength(1)
})
