import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { DnsNames, type NamesHooks } from '../../../src/cluster/names/dns-names.js'
import type { Meaning, Name } from '../../../src/cluster/names/provider.js'
import type { NamesSettings } from '../../../src/cluster/names/settings.js'
import { providerContract } from './provider-contract.js'
import { NO_JITTER, records, ScriptedDns, SETTINGS, srv } from './scripted-dns.js'

const DB: Name = { kind: 'host', name: 'db.example' }
const PG: Name = { kind: 'srv', name: '_pg._tcp.example' }

let dns: ScriptedDns
const ends: (() => void)[] = []

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] })
  dns = new ScriptedDns()
})
afterEach(() => {
  for (const end of ends.splice(0)) end()
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

function namesOf(
  settings: Partial<NamesSettings> = {},
  hooks: NamesHooks = {},
  random = () => NO_JITTER,
): DnsNames {
  return new DnsNames({ ...SETTINGS, ...settings }, { createClient: () => dns, random, ...hooks })
}

function watch(names: DnsNames, name: Name) {
  const told: Meaning[] = []
  const watching = names.watch(name, (meaning) => told.push(meaning))
  ends.push(() => watching.stop())
  return { watching, told }
}

const ipsOf = ({ places }: Meaning) => places?.map(({ ip }) => ip)

/** The time until the next question, in ms. */
function pause(most = 10_000_000): number {
  const before = performance.now()
  expect(dns.asked).toEqual([])
  while (dns.asked.length === 0 && performance.now() - before < most) vi.advanceTimersToNextTimer()
  return Math.round(performance.now() - before)
}

describe('a provider that asks DNS', () => {
  providerContract('DNS', () => {
    const provider = namesOf()
    const stop = provider.watch.bind(provider)
    provider.watch = (name, changed) => {
      const watching = stop(name, changed)
      ends.push(() => watching.stop())
      return watching
    }
    const asked = (name: string): void => {
      if (!dns.names.includes(name)) pause()
    }
    return {
      provider,
      means: ({ name }, ips) => {
        asked(name)
        dns.found(name, ips)
      },
      fails: ({ name }) => {
        asked(name)
        dns.failed(name)
      },
      meansNothing: ({ name }) => {
        for (let i = 0; i < 10; i++) {
          asked(name)
          dns.empty(name)
        }
      },
      answersOnce: ({ name }, ips) => dns.found(name, ips),
      isWatched: ({ name }) => dns.names.includes(name) || vi.getTimerCount() > 1,
    }
  })

  test('a watcher is told when a name that never had an answer is asked for again, and not of later questions', () => {
    const { told } = watch(namesOf(), DB)
    dns.failed('db.example')
    pause()
    dns.found('db.example', ['10.0.0.1'])
    pause()
    dns.failed('db.example')
    pause()
    expect(told.map(({ places, isAsking }) => [places?.length, isAsking])).toEqual([
      [undefined, false],
      [undefined, true],
      [1, false],
    ])
  })

  test('a name is asked for again when its answer expires', () => {
    watch(namesOf(), DB)
    for (const ttlMs of [30_000, 5000, 1000]) {
      dns.found('db.example', ['10.0.0.1'], ttlMs)
      expect(pause()).toBe(ttlMs)
    }
  })

  test('the answer of a name expires with its record that expires first', () => {
    watch(namesOf(), DB)
    dns.answer(
      'db.example',
      records([
        { ip: '10.0.0.1', ttlMs: 60_000 },
        { ip: '10.0.0.2', ttlMs: 20_000 },
      ]),
    )
    expect(pause()).toBe(20_000)
  })

  test('an answer with a TTL of 0 is used for minTtlMs, and one with a long TTL for maxTtlMs', () => {
    watch(namesOf({ minTtlMs: 2000, maxTtlMs: 60_000 }), DB)
    dns.found('db.example', ['10.0.0.1'], 0)
    expect(pause()).toBe(2000)
    dns.found('db.example', ['10.0.0.1'], 7 * 86_400_000)
    expect(pause()).toBe(60_000)
  })

  test('the longest pause is one that a timer can keep', () => {
    const most = 24 * 86_400_000
    watch(
      namesOf({ minTtlMs: most, maxTtlMs: most, jitterPercent: 50 }, {}, () => 0.999_999),
      DB,
    )
    dns.found('db.example', ['10.0.0.1'])
    expect(pause()).toBe(2 ** 31 - 1)
  })

  test('each pause is longer or shorter by at most jitterPercent', () => {
    for (const [random, ms] of [
      [0, 27_000],
      [0.999_999, 33_000],
    ] as const) {
      watch(
        namesOf({}, {}, () => random),
        DB,
      )
      dns.found('db.example', ['10.0.0.1'])
      expect(pause()).toBe(ms)
      ends.pop()!()
    }
  })

  test('after a failure a name is asked for again after 1 s to 30 s, until there is an answer', () => {
    const failed = vi.fn()
    watch(namesOf({}, { failed }), DB)
    for (const ms of [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]) {
      dns.failed('db.example')
      expect(failed).toHaveBeenLastCalledWith(DB, 'SERVFAIL', ms)
      expect(pause()).toBe(ms)
    }
    dns.found('db.example', ['10.0.0.1'])
    expect(pause()).toBe(30_000)
    dns.failed('db.example', 'TIMEOUT')
    expect(failed).toHaveBeenLastCalledWith(DB, 'TIMEOUT', 1000)
  })

  test('empty answers are believed after several in a row and some time, not before', () => {
    const { watching } = watch(namesOf({ emptyAnswers: 3, emptyForMs: 30_000 }), DB)
    dns.found('db.example', ['10.0.0.1'])
    pause()
    const began = performance.now()
    let answers = 0
    while (ipsOf(watching.meaning)?.length === 1) {
      dns.empty('db.example')
      answers++
      if (ipsOf(watching.meaning)?.length === 1) pause()
    }
    expect(answers).toBeGreaterThanOrEqual(3)
    expect(performance.now() - began).toBeGreaterThanOrEqual(30_000)
    expect(watching.meaning).toMatchObject({ places: [], error: 'NXDOMAIN' })
  })

  test('with emptyAnswers 1 and emptyForMs 0 the first empty answer is believed', () => {
    const { watching } = watch(namesOf({ emptyAnswers: 1, emptyForMs: 0 }), DB)
    dns.found('db.example', ['10.0.0.1'])
    pause()
    dns.empty('db.example', 'NODATA')
    expect(watching.meaning.places).toEqual([])
  })

  test('an answer between empty ones begins the count anew, and a failure does not', () => {
    const { watching } = watch(namesOf({ emptyAnswers: 2, emptyForMs: 0 }), DB)
    for (const answer of ['found', 'empty', 'found', 'empty', 'failed'] as const) {
      if (answer === 'found') dns.found('db.example', ['10.0.0.1'])
      else dns[answer]('db.example')
      expect(ipsOf(watching.meaning)).toEqual(['10.0.0.1'])
      pause()
    }
    dns.empty('db.example')
    expect(watching.meaning.places).toEqual([])
  })

  test('a name that never had an answer is not given up, however often the answer is empty', () => {
    const { watching, told } = watch(namesOf({ emptyAnswers: 1, emptyForMs: 0 }), DB)
    for (let i = 0; i < 5; i++) {
      dns.empty('db.example')
      expect(watching.meaning.places).toBeUndefined()
      pause()
    }
    dns.found('db.example', ['10.0.0.1'])
    expect(told.map(ipsOf).at(-1)).toEqual(['10.0.0.1'])
  })

  test('if one family cannot be asked for, its last known addresses stay', () => {
    const { watching } = watch(namesOf(), DB)
    dns.found('db.example', ['10.0.0.1', '2001:db8::1'])
    pause()
    dns.answer('db.example', { kind: 'records', records: [{ ip: '10.0.0.2', ttlMs: 1000 }], failedFamily: 6 })
    expect(ipsOf(watching.meaning)).toEqual(['10.0.0.2', '2001:db8::1'])
  })

  test('an IPv4-mapped address and its IPv4 address are one place', () => {
    const { watching } = watch(namesOf(), DB)
    dns.found('db.example', ['::ffff:10.0.0.1', '10.0.0.1', '::1'])
    expect(ipsOf(watching.meaning)).toEqual(['10.0.0.1', '::1'])
  })

  test('other settings have all names asked for at once, and keep what is known', () => {
    const names = namesOf()
    const { watching } = watch(names, DB)
    dns.found('db.example', ['10.0.0.1'])
    names.configure({ ...SETTINGS, maxTtlMs: 2000 })
    expect(ipsOf(watching.meaning)).toEqual(['10.0.0.1'])
    dns.found('db.example', ['10.0.0.1'])
    expect(pause()).toBe(2000)
  })

  test('the status of a name says when the answer came and when the next question is due', () => {
    vi.setSystemTime(0)
    const names = namesOf()
    watch(names, DB)
    expect(names.status()).toMatchObject([{ answeredAt: undefined, nextAt: undefined }])
    dns.found('db.example', ['10.0.0.1'])
    const at = { answeredAt: '1970-01-01T00:00:00.000Z', nextAt: '1970-01-01T00:00:30.000Z' }
    expect(names.status()).toEqual([
      { ...DB, places: ['10.0.0.1'], ...at, isFailing: false, error: undefined },
    ])
    pause()
    dns.failed('db.example', 'ECONNREFUSED')
    const later = { answeredAt: at.answeredAt, nextAt: '1970-01-01T00:00:31.000Z' }
    expect(names.status()).toMatchObject([{ ...later, isFailing: true, error: 'ECONNREFUSED' }])
  })
})

describe('a service', () => {
  test('a service has the ports, weights and tiers of its records, and the addresses of its targets', () => {
    const { watching } = watch(namesOf(), PG)
    dns.answer(PG.name, records([srv('a.example:5432/10/60'), srv('b.example:5433/20/0', ['10.0.0.2'])]))
    expect(watching.meaning.places).toBeUndefined()
    expect(dns.names).toEqual(['a.example.'])
    dns.found('a.example.', ['10.0.0.1', '::1'])
    expect(watching.meaning.places).toEqual([
      { ip: '10.0.0.1', host: 'example', service: { port: 5432, weight: 60, tier: 10 } },
      { ip: '::1', host: 'example', service: { port: 5432, weight: 60, tier: 10 } },
      { ip: '10.0.0.2', host: 'example', service: { port: 5433, weight: 1, tier: 20 } },
    ])
  })

  test('a service whose only target is "." is an empty answer', () => {
    const { watching } = watch(namesOf({ emptyAnswers: 1, emptyForMs: 0 }), PG)
    dns.answer(PG.name, records([srv('a.example:1/0/0', ['10.0.0.1'])]))
    expect(watching.meaning.places?.length).toBe(1)
    pause()
    dns.answer(PG.name, records([srv('.:0/0/0')]))
    expect(watching.meaning).toMatchObject({ places: [], error: 'NODATA' })
  })

  test('a target without an answer keeps its last addresses, and the service is asked for again soon', () => {
    const { watching } = watch(namesOf(), PG)
    const answer = records([srv('a.example:1/0/0', [], 60_000), srv('b.example:2/0/0', [], 60_000)])
    dns.answer(PG.name, answer)
    dns.failed('b.example.')
    dns.found('a.example.', ['10.0.0.1'], 60_000)
    expect(ipsOf(watching.meaning)).toEqual(['10.0.0.1'])
    expect(pause()).toBe(10_000)
    dns.answer(PG.name, answer)
    dns.failed('a.example.')
    dns.found('b.example.', ['10.0.0.2'])
    expect(ipsOf(watching.meaning)).toEqual(['10.0.0.1', '10.0.0.2'])
  })

  test('a service has no answer if none of its targets has one', () => {
    const { watching } = watch(namesOf(), PG)
    dns.answer(PG.name, records([srv('a.example:1/0/0')]))
    dns.failed('a.example.', 'TIMEOUT')
    expect(watching.meaning).toEqual({ places: undefined, isAsking: false, error: 'TIMEOUT' })
  })

  test('the order of the records changes nothing, also if two of them mean the same place', () => {
    const { watching, told } = watch(namesOf(), PG)
    const both = [srv('a.example:1/0/10', ['10.0.0.1']), srv('b.example:1/5/20', ['10.0.0.1'])]
    dns.answer(PG.name, records(both))
    expect(watching.meaning.places).toMatchObject([{ service: { tier: 0, weight: 10 } }])
    pause()
    dns.answer(PG.name, records([...both].reverse()))
    expect(told.length).toBe(1)
  })

  test('addresses that a server leaves out of a SRV answer are asked for, not taken away', () => {
    const { watching, told } = watch(namesOf(), PG)
    dns.answer(PG.name, records([srv('a.example:1/0/0', ['10.0.0.1', '2001:db8::1'])]))
    pause()
    dns.answer(PG.name, records([srv('a.example:1/0/0', ['10.0.0.1'])]))
    dns.found('a.example.', ['10.0.0.1', '2001:db8::1'])
    expect([ipsOf(watching.meaning)?.length, told.length]).toEqual([2, 1])
  })

  test('a service whose targets all mean nothing is an empty answer', () => {
    const { watching } = watch(namesOf({ emptyAnswers: 1, emptyForMs: 0 }), PG)
    const answer = records([srv('a.example:1/0/0')])
    dns.answer(PG.name, answer)
    dns.found('a.example.', ['10.0.0.1'])
    pause()
    dns.answer(PG.name, answer)
    dns.empty('a.example.')
    expect(watching.meaning).toMatchObject({ places: [], error: 'NXDOMAIN' })
  })

  test('a record with port 0 is no server', () => {
    const { watching } = watch(namesOf(), PG)
    dns.answer(PG.name, records([srv('a.example:0/0/0', ['10.0.0.1']), srv('b.example:1/0/0', ['10.0.0.2'])]))
    expect(ipsOf(watching.meaning)).toEqual(['10.0.0.2'])
  })

  test('nobody asks for the targets of a service any more when nobody watches it', () => {
    const { watching } = watch(namesOf(), PG)
    dns.answer(PG.name, records([srv('a.example:1/0/0'), srv('b.example:2/0/0')]))
    watching.stop()
    expect(dns.names).toEqual([])
  })
})

test('the timers of a provider do not keep the process alive', () => {
  vi.useRealTimers()
  const timers = () => process.getActiveResourcesInfo().filter((each) => each === 'Timeout').length
  const before = timers()
  watch(namesOf(), DB)
  dns.found('db.example', ['10.0.0.1'])
  expect(timers()).toBe(before)
  ends.pop()!()
  vi.useFakeTimers()
})
