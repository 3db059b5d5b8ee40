/** Which clients come in, which wait and which are refused: by the gate of their listener, and by limits. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type PeerAddress, packPeer } from '../../src/address.js'
import { ClientRule } from '../../src/admission/client-rule.js'
import type { Decision, LetIn } from '../../src/admission/rule.js'
import type { ProxyConfig } from '../../src/config/input.js'
import type { ListenerInput } from '../../src/config/listener-input.js'
import { validateConfig } from '../../src/config/validate.js'
import { createListenerPolicy } from '../../src/connection/listener-policy.js'
import type { Destination, Service } from '../../src/connection/service.js'
import { Claim } from '../../src/limits/claim.js'
import type { Counts } from '../../src/limits/counts/counts.js'
import { createOwnCounts, OwnCountsTable } from '../../src/limits/counts/own-counts.js'
import { Gate, type GateCheck } from '../../src/limits/gate.js'
import { planOf } from '../../src/limits/limit.js'
import { Limiter } from '../../src/limits/limiter.js'
import { causeOf } from '../../src/limits/no-place.js'
import { OwnLimit } from '../../src/limits/own-limit.js'

const PEER = packPeer(0x0a000001, 2)
const CLIENT = { kind: 'tcp', host: '192.0.2.1', port: 1 } as const
const OPEN = new Gate([])
const BARRED = new Gate([{ scope: 'process', isDryRun: false, refuses: () => 'rejected' }])
const needs = () => ({ isTold: false, isKeyedBySni: false, dialsBySni: false })

let limiter: Limiter
let refused: string[]
let asked: number
let open: number
let own: OwnLimit

beforeEach(() => {
  limiter = limiterOf(createOwnCounts({ sources: 1000 }))
  refused = []
  asked = 0
  open = 0
  own = new OwnLimit(() => open)
})

const limiterOf = (counts: Counts): Limiter => new Limiter(counts, { wouldRefuse: () => {} })

function ruleOf({ hasOthers = false, limits = limiter } = {}): ClientRule {
  const rule = new ClientRule({
    limiter: limits,
    own: own,
    hasOthers,
    refused: (noPlace) => refused.push(causeOf(noPlace)),
    waits: () => {},
  })
  rule.begin({ askAgain: () => asked++ })
  return rule
}

function serviceOf(listener: Partial<ListenerInput>, more: Partial<ProxyConfig> = {}, gate = OPEN): Service {
  const { listeners, limits } = validateConfig({
    listeners: [{ name: 'front', address: '127.0.0.1:1', cluster: 'back', ...listener }],
    clusters: { back: { backends: ['127.0.0.1:2'] } },
    ...more,
  })
  return {
    gate,
    limits: planOf(['listener/front', listeners[0]!.limits], ['process', limits]),
    policy: createListenerPolicy(listeners[0]!, { firstBytesMs: 5000, routeMs: 5000 }, needs, undefined),
  } as Service
}

const connectionOf = (service: Service, decision: Decision = 'go-on', peer: PeerAddress = PEER): LetIn => ({
  service,
  peer,
  claim: decision instanceof Claim ? decision : undefined,
})

describe('the gate', () => {
  it('a client that waits counts once in a dry run, when it comes in', () => {
    const told: string[] = []
    const dry: GateCheck = { scope: 'process', isDryRun: true, refuses: () => 'rejected' }
    const gate = new Gate([dry], (_, cause) => told.push(cause))
    const service = serviceOf({ limits: { maxConnections: 1 } }, {}, gate)
    const rule = ruleOf()
    const first = connectionOf(service, rule.decide(service, PEER))
    expect([rule.decide(service, PEER), rule.decide(service, PEER), told.length]).toEqual(['wait', 'wait', 1])
    rule.ended(first)
    expect(rule.decide(service, PEER)).toBeInstanceOf(Claim)
    expect(told).toEqual(['rejected', 'rejected'])
  })

  it('a client that the gate refuses is refused, with its cause', () => {
    expect(ruleOf().decide(serviceOf({}, {}, BARRED), PEER)).toEqual({ answer: 'refuse', cause: 'rejected' })
  })

  it('a peer that may send PROXY headers passes at accept, and the client that it names does not', () => {
    const service = serviceOf({ acceptProxy: { from: ['10.0.0.0/8'] } }, {}, BARRED)
    expect(ruleOf().decide(service, PEER)).toBe('go-on')
    expect(ruleOf().named(connectionOf(service), CLIENT, undefined)).toBe('rejected')
  })

  it('a peer that clientFrom trusts passes at accept', () => {
    const clientFrom = { field: 'X-Forwarded-For', trusted: ['10.0.0.1'] } as const
    expect(ruleOf().decide(serviceOf({ protocol: 'http', clientFrom }, {}, BARRED), PEER)).toBe('go-on')
  })

  it('a peer that is not among the trusted proxies must pass the gate', () => {
    const service = serviceOf({ acceptProxy: { from: ['192.0.2.0/24'] } }, {}, BARRED)
    expect(ruleOf().decide(service, PEER)).toMatchObject({ answer: 'refuse' })
  })
})

describe('limits', () => {
  it('a client waits while the file descriptors of the process are enough for no more connections', () => {
    own.set(1)
    open = 1
    expect(ruleOf().decide(serviceOf({}), PEER)).toBe('wait')
  })

  it('without limits a client goes on, and nothing is kept for it', () => {
    expect(ruleOf().decide(serviceOf({}), PEER)).toBe('go-on')
  })

  it('a client beyond the limit waits until a connection that holds a place is over', () => {
    const rule = ruleOf()
    const service = serviceOf({ limits: { maxConnections: 1 } })
    const first = rule.decide(service, PEER)
    expect(rule.decide(service, PEER)).toBe('wait')
    rule.ended(connectionOf(service, first))
    expect(rule.decide(service, PEER)).toBeInstanceOf(Claim)
    expect(refused).toEqual([])
  })

  it('a client beyond the limit is refused if whenFull says so', () => {
    const rule = ruleOf()
    const service = serviceOf({ limits: { maxConnections: 1, whenFull: 'refuse' } })
    rule.decide(service, PEER)
    expect(rule.decide(service, PEER)).toEqual({ answer: 'refuse', cause: 'limit: listener connections' })
    expect(refused).toEqual(['limit: listener connections'])
  })

  it('a trusted proxy takes no place of a source, and the client that it names does', () => {
    const rule = ruleOf()
    const limits = { maxConnections: 9, perSource: { maxConnections: 1 } }
    const service = serviceOf({ acceptProxy: { from: ['10.0.0.0/8'] }, limits })
    const connections = [1, 2].map(() => connectionOf(service, rule.decide(service, PEER)))
    expect(connections.map((each) => rule.named(each, CLIENT, service.limits))).toEqual([
      undefined,
      'source-limit: connections (listener)',
    ])
    for (const each of connections) rule.ended(each)
    expect(limiter.held('listener/front')).toBe(0)
    expect(rule.named(connectionOf(service), CLIENT, service.limits)).toBeUndefined()
  })
})

describe('clients without an address', () => {
  it('a client of a unix socket that a PROXY header names takes no place of a source', () => {
    const limits = { perSource: { maxConnections: 1 } }
    const service = serviceOf({ acceptProxy: { from: ['127.0.0.1'] }, limits })
    const rule = ruleOf()
    for (const path of ['/a', '/b']) {
      const connection = connectionOf(service, rule.decide(service, PEER))
      expect(rule.named(connection, { kind: 'unix', path }, service.limits)).toBeUndefined()
    }
  })
})

describe('a client that enters a cluster', () => {
  const destinationOf = (limits: object): Destination => {
    const { clusters } = validateConfig({
      listeners: [{ address: '127.0.0.1:1', cluster: 'back' }],
      clusters: { back: { backends: ['127.0.0.1:2'], limits } },
    })
    return { limits: planOf(['cluster/back', clusters.back!.limits]) } as Destination
  }

  it('takes its places in the cluster, and gives them back with those of its listener', () => {
    const rule = ruleOf()
    const service = serviceOf({ limits: { maxConnections: 9 } })
    const connection = connectionOf(service, rule.decide(service, PEER))
    expect(rule.enter(connection, destinationOf({ maxConnections: 1 }), PEER)).toBe('in')
    rule.ended(connection)
    expect(['listener/front', 'cluster/back'].map((scope) => limiter.held(scope))).toEqual([0, 0])
  })

  it('waits for a place in the cluster, and never for one of its source', () => {
    const rule = ruleOf()
    const destination = destinationOf({ maxConnections: 2, perSource: { maxConnections: 1 } })
    const enter = (client: PeerAddress | 'exempt'): [string, string | undefined] => {
      const connection = connectionOf(serviceOf({}))
      return [rule.enter(connection, destination, client), connection.claim?.refusal]
    }
    expect(enter(PEER)).toEqual(['in', undefined])
    expect(enter(PEER)).toEqual(['refused', 'source-limit: connections (cluster)'])
    expect(enter('exempt')).toEqual(['in', undefined])
    expect(enter(CLIENT)).toEqual(['wait', undefined])
  })
})

describe('while a client waits', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  const wait = (rule: ClientRule, limits: object): void => {
    const service = serviceOf({ limits })
    rule.decide(service, PEER)
    expect([rule.decide(service, PEER), rule.decide(service, PEER)]).toEqual(['wait', 'wait'])
    vi.advanceTimersByTime(5)
  }

  it('a process alone does not look for places, because an end tells it', () => {
    wait(ruleOf(), { maxConnections: 1 })
    expect([asked, vi.getTimerCount()]).toEqual([0, 0])
  })

  it('a worker looks for places that others have freed, once and not for each client', () => {
    wait(ruleOf({ hasOthers: true }), { maxConnections: 1 })
    expect([asked, vi.getTimerCount()]).toEqual([1, 0])
  })

  it('a worker leaves every second place to another worker in which a client waits', () => {
    const table = new OwnCountsTable({ sources: 10 })
    const [one, two] = [0, 1].map((worker) =>
      ruleOf({ hasOthers: true, limits: limiterOf(table.view(worker)) }),
    )
    wait(one!, { maxConnections: 1 })
    expect([one!.isForOthers(), one!.isForOthers()]).toEqual([false, false])
    expect(two!.decide(serviceOf({ limits: { maxConnections: 1 } }), PEER)).toBe('wait')
    expect([1, 2, 3, 4].map(() => one!.isForOthers())).toEqual([true, false, true, false])
    asked = 0
    vi.advanceTimersByTime(6)
    two!.nobodyWaits()
    expect([asked, one!.isForOthers()]).toEqual([1, false])
    vi.advanceTimersByTime(1)
    expect(asked).toBe(2)
  })

  it('a process looks whether a rate lets clients in again', () => {
    wait(ruleOf(), { newPerSecond: 1 })
    expect(asked).toBe(1)
  })
})
