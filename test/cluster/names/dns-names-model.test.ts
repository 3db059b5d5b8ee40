/** Whatever DNS answers, in whatever order: what a name means, when it is asked for again, and what is told. */
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { DnsNames } from '../../../src/cluster/names/dns-names.js'
import type { Meaning } from '../../../src/cluster/names/provider.js'
import { ScriptedDns, SETTINGS } from './scripted-dns.js'

type Answer =
  | { readonly kind: 'found'; readonly ips: readonly string[]; readonly ttlMs: number }
  | { readonly kind: 'empty' | 'failed' }

const answers: fc.Arbitrary<Answer> = fc.oneof(
  fc.record({
    kind: fc.constant('found' as const),
    ips: fc.uniqueArray(fc.constantFrom('10.0.0.1', '10.0.0.2', '10.0.0.3', '::1'), { minLength: 1 }),
    ttlMs: fc.constantFrom(0, 500, 1000, 30_000, 86_400_000),
  }),
  fc.constantFrom({ kind: 'empty' as const }, { kind: 'failed' as const }),
)

const settings = fc.record({
  emptyAnswers: fc.integer({ min: 1, max: 4 }),
  emptyForMs: fc.constantFrom(0, 5000, 60_000),
  minTtlMs: fc.constantFrom(1, 1000, 10_000),
  maxTtlMs: fc.constantFrom(10_000, 300_000),
  jitterPercent: fc.constantFrom(0, 10, 50),
})

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** What is to be true of the name after these answers. */
class Model {
  places: readonly string[] | undefined
  failuresInARow = 0
  #empty = 0
  #emptySince = 0

  /** Returns the pause until the next question, without jitter. */
  take(answer: Answer, now: number, its: typeof SETTINGS): number {
    if (answer.kind === 'found') {
      this.places = answer.ips
      this.failuresInARow = 0
      this.#empty = 0
      return Math.min(Math.max(answer.ttlMs, its.minTtlMs), Math.max(its.maxTtlMs, its.minTtlMs))
    }
    if (answer.kind === 'empty') {
      if (this.#empty++ === 0) this.#emptySince = now
      const isLong = now - this.#emptySince >= its.emptyForMs
      if (this.#empty >= its.emptyAnswers && isLong && this.places !== undefined) this.places = []
    }
    return Math.min(30_000, 1000 * 2 ** this.failuresInARow++)
  }
}

test('whatever DNS answers, a name means its last good answer until empty answers are believed', () => {
  fc.assert(
    fc.property(
      settings,
      fc.array(answers, { maxLength: 40 }),
      fc.double({ min: 0, max: 0.99, noNaN: true }),
      (own, script, random) => {
        const its = { ...SETTINGS, ...own }
        const [dns, model, told]: [ScriptedDns, Model, Meaning[]] = [new ScriptedDns(), new Model(), []]
        const names = new DnsNames(its, { createClient: () => dns, random: () => random })
        const watching = names.watch({ kind: 'host', name: 'db' }, (meaning) => told.push(meaning))
        for (const answer of script) {
          const [before, tellings] = [model.places, told.length]
          const pauseMs = model.take(answer, performance.now(), its)
          if (answer.kind === 'found') dns.found('db', answer.ips, answer.ttlMs)
          else dns[answer.kind]('db')
          expect(setOf(watching.meaning.places?.map(({ ip }) => ip))).toEqual(setOf(model.places))
          const isNews = model.places === undefined || String(setOf(before)) !== String(setOf(model.places))
          expect(told.length - tellings).toBe(Number(isNews))
          const began = performance.now()
          vi.advanceTimersToNextTimer()
          expect(dns.names).toEqual(['db'])
          expect(Math.abs(performance.now() - began - pauseMs)).toBeLessThanOrEqual(
            (pauseMs * its.jitterPercent) / 100 + 1,
          )
        }
        watching.stop()
        expect([vi.getTimerCount(), dns.asked.length]).toEqual([0, 0])
      },
    ),
    { numRuns: 300 },
  )
})

const setOf = (ips: readonly string[] | undefined) => ips && [...ips].sort()
