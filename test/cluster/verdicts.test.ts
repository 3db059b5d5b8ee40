/** What checks and agents say about backends, and which of them then get connections. */
import { afterEach, expect, test } from 'vitest'
import { parseAddress } from '../../src/address.js'
import { Cluster } from '../../src/cluster/cluster.js'
import type { DialResult } from '../../src/cluster/dial.js'
import type { AgentVerdict, CheckVerdict } from '../../src/cluster/health/verdict.js'
import { BALANCED } from './cluster-rig.js'
import { requestOf } from './requests.js'
import { ScriptedEngine } from './scripted-engine.js'
import { verdictOf } from './verdict-of.js'

const A = '10.0.0.1:80'
const B = '10.0.0.2:80'

let cluster: Cluster
afterEach(() => cluster.stop())

function start(...addresses: string[]): void {
  const backends = addresses.map((text) => {
    const address = parseAddress(text)
    if (typeof address === 'string') throw new Error(address)
    return { address, weight: 1 }
  })
  cluster = new Cluster('test', { ...BALANCED, backends }, new ScriptedEngine())
}

const verdict = (isUp: boolean, reason: string, detail?: string): CheckVerdict =>
  verdictOf(isUp, { reason, detail, changedAt: 1000, checks: 7, checksFailed: 3 })
const said = (words: Partial<AgentVerdict>): AgentVerdict => ({
  isUp: undefined,
  admin: undefined,
  weightPercent: undefined,
  maxConnections: undefined,
  reason: undefined,
  ...words,
})

const dial = (): Promise<DialResult> => new Promise((resolve) => cluster.dial(requestOf(1000), resolve))
const picked = async (times: number): Promise<(string | undefined)[]> => {
  const names: (string | undefined)[] = []
  for (let turn = 0; turn < times; ++turn) names.push((await dial()).backend?.name)
  return names
}
const first = () => cluster.status().backends[0]!

test('a backend that its checks call down gets no connection until they call it up', async () => {
  start(A, B)
  cluster.checked(A, verdict(false, 'L4CON', 'ECONNREFUSED'))
  expect(await picked(3)).toEqual([B, B, B])
  expect(first()).toMatchObject({
    state: 'down',
    judgedBy: 'check',
    reason: 'L4CON',
    reasonDetail: 'ECONNREFUSED',
    changedAt: new Date(1000).toISOString(),
    checks: 7,
    checksFailed: 3,
  })
  cluster.checked(A, verdict(true, 'L4OK'))
  expect(first()).toMatchObject({ state: 'up', reason: 'L4OK', reasonDetail: undefined })
  expect(await picked(2)).toContain(A)
})

test('a backend whose checks stop counts as up, and keeps their counts', () => {
  start(A)
  cluster.checked(A, verdict(false, 'L4TOUT'))
  cluster.checked(A, undefined)
  expect(first()).toMatchObject({ state: 'up', reason: undefined, checks: 7 })
})

test.each([{ admin: 'drain' }, { admin: 'maint' }, { isUp: false }, { weightPercent: 0 }] as const)(
  'an agent that says %o keeps new connections away, and only the agent takes that back',
  async (words) => {
    start(A, B)
    cluster.agentSaid(A, said(words))
    cluster.checked(A, verdict(true, 'L4OK'))
    expect(await picked(2)).toEqual([B, B])
    expect(first()).toMatchObject({ judgedBy: 'agent', reason: 'AGENT' })
    cluster.agentSaid(A, said({ admin: 'ready', isUp: true, weightPercent: 100 }))
    expect(await picked(2)).toContain(A)
    expect(first()).toMatchObject({ state: 'up', judgedBy: 'check' })
  },
)

test('an agent that only drains a backend does not call it down', () => {
  start(A)
  cluster.agentSaid(A, said({ admin: 'drain' }))
  expect(first()).toMatchObject({ state: 'up', reasonDetail: 'drain', changedAt: undefined })
})

test('the percent of an agent changes the share of a backend', async () => {
  start(A, B)
  cluster.agentSaid(A, said({ weightPercent: 50 }))
  expect((await picked(9)).filter((name) => name === A)).toHaveLength(3)
  expect(first().weight).toBe(0.5)
})

test('an order of an operator does not make the percent of an agent lasting', () => {
  start(A)
  cluster.agentSaid(A, said({ weightPercent: 50 }))
  expect(cluster.backend(A)).toMatchObject({ weight: 0.5, weightSet: 1 })
})

test('verdicts about a backend that the cluster does not have are ignored', () => {
  start(A)
  cluster.checked(B, verdict(false, 'L4CON'))
  cluster.agentSaid(B, said({ isUp: false }))
  expect(first().state).toBe('up')
})
