/** The words in which the command and the page show states and facts. */
import { expect, it } from 'vitest'
import { BACKEND } from '../src/status/cluster.js'
import { DIRECTION } from '../src/status/connection.js'
import { NAME } from '../src/status/names.js'
import { CONFIG } from '../src/status/status.js'
import * as words from '../src/words.js'
import { blank } from './support/blank.js'

const backend = { ...blank(BACKEND), isFlapping: false }
const copying = { ...blank(DIRECTION), carrier: 'copy', notSplicing: 'small' } as const

it.each([
  [{ isListening: true, isLeaving: false }, 'listening'],
  [{ isListening: true, isLeaving: false, shortage: 'EMFILE' }, 'pauses (EMFILE)'],
  [{ isListening: false, isLeaving: true }, 'leaving'],
  [{ isListening: false, isLeaving: false }, 'closed'],
])('a listener with %j is shown as %s', (listener, state) => {
  expect(words.listenerState({ shortage: undefined, ...listener })).toBe(state)
})

it.each([
  [{}, 'up'],
  [{ state: 'down', restingMs: 1500 }, 'down, rests 1.5s'],
  [{ state: 'down', isFlapping: true, restingMs: 1500 }, 'flapping, rests 1.5s'],
  [{ state: 'unresolved' }, 'unresolved'],
  [{ agentSet: 'ready' }, 'up'],
  [{ state: 'down', agentSet: 'maint' }, 'maint by agent'],
  [{ setTo: 'maint', agentSet: 'drain' }, 'maint'],
  [{ state: 'down', setTo: 'drain' }, 'drain'],
  [{ setTo: 'maint' }, 'maint'],
  [{ setTo: 'maint', isLeaving: true }, 'leaving'],
] as const)('a backend with %j is shown as %s', (fields, state) => {
  expect(words.backendState({ ...backend, ...fields })).toBe(state)
})

it.each([
  [{}, ''],
  [{ judgedBy: 'check', reason: 'L4TOUT' }, 'L4TOUT by check'],
  [{ judgedBy: 'check', reason: 'L7STS', reasonDetail: '503' }, 'L7STS (503) by check'],
  [
    { judgedBy: 'connects', reason: 'L4CON', reasonDetail: 'ECONNREFUSED' },
    'L4CON (ECONNREFUSED) by connects',
  ],
  [{ judgedBy: 'agent', reason: 'AGENT', reasonDetail: 'down: disk full' }, 'AGENT (down: disk full)'],
] as const)('the reason of a backend with %j is shown as "%s"', (fields, reason) => {
  expect(words.backendReason({ ...backend, ...fields })).toBe(reason)
})

it('the last change of a backend is shown as a time ago, and not at all if there was none', () => {
  const changedAt = '2026-01-01T00:00:00.000Z'
  expect(words.changedAgo({ changedAt }, Date.parse(changedAt) + 185_000)).toBe('3m 5s ago')
  expect(words.changedAgo({ changedAt: undefined }, 0)).toBe('')
})

it('the destination of a connection is its backend, or else its phase in brackets', () => {
  const direct = { backend: 'db:80', via: undefined } as const
  expect(words.destination({ ...direct, backendAddress: '10.0.0.1:80', phase: 'data' })).toBe('10.0.0.1:80')
  expect(words.destination({ ...direct, backendAddress: undefined, phase: 'connect' })).toBe('(connect)')
})

it('the destination behind a forward proxy is the name of the backend, once the connection has it', () => {
  const forwarded = { backend: 'db:80', backendAddress: undefined, via: 'socks5://proxy:1080' } as const
  expect(words.destination({ ...forwarded, phase: 'data' })).toBe('db:80')
  expect(words.destination({ ...forwarded, phase: 'connect' })).toBe('(connect)')
})

it('carriers are shown as up/down, with each reason once, and as a dash before there are any', () => {
  const splicing = { ...blank(DIRECTION), carrier: 'kernel' } as const
  expect(words.carriers({ up: splicing, down: splicing })).toBe('kernel/kernel')
  expect(words.carriers({ up: splicing, down: copying })).toBe('kernel/copy (small)')
  expect(words.carriers({ up: copying, down: copying })).toBe('copy/copy (small)')
  expect(words.carriers({ up: { ...copying, carrier: undefined }, down: copying })).toBe('–')
})

it('the share of spliced bytes counts both ways', () => {
  expect(words.splicedShare({ bytesUp: 100, bytesDown: 300, splicedUp: 0, splicedDown: 100 })).toBe('25%')
})

it('the words for how long a process has served are empty before it serves', () => {
  const startedAt = '2026-01-01T00:00:00.000Z'
  expect(words.servingFor({ startedAt }, Date.parse(startedAt) + 245_000)).toBe('for 4m 5s')
  expect(words.servingFor({ startedAt: undefined }, 0)).toBe('')
})

it.each([
  [1, 1, '1 process'],
  [4, 4, '4 workers'],
  [3, 4, '3 of 4 workers'],
  [1, 2, '1 of 2 workers'],
])('%d processes of %d are shown as %s', (workers, workersWanted, text) => {
  expect(words.processes({ workers, workersWanted })).toBe(text)
})

it('each trouble with workers is told in its own sentence', () => {
  const well = { workersSilent: 0, workerDeaths: 0, workersDiffer: [] }
  expect(words.workerTroubles(well)).toEqual([])
  expect(words.workerTroubles({ workersSilent: 1, workerDeaths: 2, workersDiffer: ['a', 'b'] })).toEqual([
    'no answer from 1 worker, figures are old',
    '2 workers died',
    'workers differ in a, b',
  ])
})

it('the process before an upgrade is named with the connections that it still has', () => {
  expect(words.predecessors({ predecessor: undefined })).toEqual([])
  const predecessor = { pid: 4242, connections: 3 }
  expect(words.predecessors({ predecessor })).toEqual(['predecessor (process 4242): 3 connections'])
})

it('a cluster in which another tier than the first one serves is named with this tier', () => {
  const of = (name: string, servingTier: number | undefined, tiers: readonly number[]) => ({
    name,
    servingTier,
    backends: tiers.map((tier) => ({ tier, isLeaving: false })),
  })
  const clusters = [
    of('first', 0, [0, 100]),
    of('alone', 3, [3]),
    of('pg', 100, [0, 100]),
    of('none', undefined, [0]),
  ]
  expect(words.laterTiers(clusters)).toEqual(['cluster pg: tier 100 serves'])
})

it('clusters in which clients wait are named with how many wait and how long, and with their hold', () => {
  const of = (name: string, queued: number, longestWaitSeconds: number, holdSeconds?: number) => ({
    name,
    queued,
    longestWaitSeconds,
    holdSeconds,
  })
  const clusters = [of('free', 0, 0), of('pg', 1, 3), of('db', 12, 3, 25), of('idle', 0, 0, 60)]
  expect(words.waitingClients(clusters)).toEqual([
    'cluster pg: 1 client waits, the longest for 3.0s',
    'cluster db: held for another 25.0s, 12 clients wait',
    'cluster idle: held for another 1m 0s, 0 clients wait',
  ])
})

it('the connections of a backend are shown beside its limit', () => {
  expect(words.openOf({ active: 3, maxConnections: 0 })).toBe('3')
  expect(words.openOf({ active: 3, maxConnections: 5 })).toBe('3/5')
})

it('names without an answer are told in one sentence, however many there are', () => {
  const name = { ...blank(NAME), isFailing: true, error: 'NXDOMAIN' }
  const names = ['a', 'b', 'c', 'd'].map((each) => ({ ...name, name: each }))
  expect(words.nameTroubles({ names: [{ ...name, isFailing: false }] })).toEqual([])
  expect(words.nameTroubles({ names: names.slice(0, 1) })).toEqual(['no answer for a (NXDOMAIN)'])
  expect(words.nameTroubles({ names })).toEqual([
    'no answer for a (NXDOMAIN), b (NXDOMAIN), c (NXDOMAIN) and 1 more',
  ])
})

it('the times of a name are told as they are from now on', () => {
  const [answeredAt, nextAt] = [new Date(1000).toISOString(), new Date(9000).toISOString()]
  expect([words.answeredAgo({ answeredAt }, 3000), words.askedAgainIn({ nextAt }, 3000)]).toEqual([
    '2.0s ago',
    'in 6.0s',
  ])
  expect(words.askedAgainIn({ nextAt }, 10_000)).toBe('in 0ms')
  expect(words.answeredAgo({ answeredAt: undefined }, 0)).toBe('never')
  expect(words.askedAgainIn({ nextAt: undefined }, 0)).toBe('now')
})

it.each([
  [{}, 'everything'],
  [{ listener: 'web' }, 'listener web'],
  [{ cluster: 'db' }, 'cluster db'],
  [{ cluster: 'db', backend: 'a:1' }, 'backend a:1 of db'],
])('a drain of %j is shown as a drain of %s', (scope, what) => {
  expect(words.draining({ scope, left: 1, deadlineAt: undefined }, 0)).toBe(
    `draining ${what}: 1 connection left, no deadline`,
  )
})

it('a drain with a deadline says how much time is left', () => {
  const deadlineAt = '2026-01-01T00:00:30.000Z'
  const now = Date.parse('2026-01-01T00:00:00.000Z')
  expect(words.draining({ scope: {}, left: 2, deadlineAt }, now)).toBe(
    'draining everything: 2 connections left, 30.0s to the deadline',
  )
})

it('a list whose file cannot be used is shown with its first bad line and the age of the list in use', () => {
  const list = { kind: 'addresses', entries: 2, loadedAt: '2026-01-01T00:00:00.000Z' } as const
  const lists = [
    { ...list, file: 'allow.txt', isFailing: false, error: undefined },
    { ...list, file: 'deny.txt', isFailing: true, error: 'deny.txt:3:1 "x": expected addresses' },
  ]
  expect(words.listTroubles({ lists }, Date.parse('2026-01-01T02:03:00.000Z'))).toEqual([
    'old list in use, read 2h 3m ago: deny.txt:3:1 "x": expected addresses',
  ])
})

it('rates are shown while connections wait for them', () => {
  const rate = {
    scope: 'listener/web',
    per: 'scope',
    direction: 'down',
    waiting: 0,
    waitedSeconds: 9,
  } as const
  const rates = [
    rate,
    { ...rate, waiting: 3 },
    { ...rate, scope: 'process', per: 'source', waiting: 1 } as const,
  ]
  expect(words.waitingRates({ rates })).toEqual([
    'listener web: 3 connections wait for bytesPerSecond down',
    'the proxy: 1 connection waits for perSource.bytesPerSecond down',
  ])
})

it('bans are shown with the clients that they turn away, or as nothing if there are none', () => {
  const now = Date.parse('2026-01-01T00:00:00Z')
  const ban = {
    clients: { network: '192.0.2.0/24' },
    by: 'operator',
    why: '',
    until: '2026-01-01T00:12:03Z',
    refused: 120,
  } as const
  const bans = { active: 1, ordered: 1, found: 0 }
  expect(words.banned({ bans, topBans: [ban] }, now)).toBe('1 ban: 192.0.2.0/24 for 12m 3s (120 refused)')
  const atListener = { ...ban, clients: { network: '192.0.2.1', listener: 'web' } }
  expect(words.banned({ bans: { ...bans, active: 3 }, topBans: [ban, atListener] }, now)).toBe(
    '3 bans, such as 192.0.2.0/24 for 12m 3s (120 refused), 192.0.2.1 at web for 12m 3s (120 refused)',
  )
  expect(words.banned({ bans: { ...bans, active: 2 }, topBans: [] }, now)).toBe('2 bans')
  expect(words.banned({ bans: { ...bans, active: 0 }, topBans: [] }, now)).toBe('')
})

it.each([
  [0, 0, []],
  [1, 0, ['1 change at run time is not in the config file (millrace diff)']],
  [3, 0, ['3 changes at run time are not in the config file (millrace diff)']],
  [0, 1, ['1 change at run time has no effect (millrace diff)']],
])(
  'of %i changes at run time, and of %i more without an effect, people are told %j',
  (changes, changesWithoutEffect, told) => {
    expect(words.changesAtRunTime({ config: { ...blank(CONFIG), changes, changesWithoutEffect } })).toEqual(
      told,
    )
  },
)

const expiring = { listener: 'web', name: 'a.example.com', kind: 'ec', file: '/a.pem' }
const NOON = Date.parse('2026-01-01T12:00:00Z')

it.each([
  ['2026-01-08T12:00:00Z', []],
  ['2026-01-08T11:59:59Z', ['certificate a.example.com of listener web expires in 6d 23h']],
  ['2026-01-01T11:59:59Z', ['certificate a.example.com of listener web has expired']],
])('of a certificate that expires at %s people are told %j at noon of the first', (expiresAt, told) => {
  expect(words.certificateTroubles({ certificates: [{ ...expiring, expiresAt }] }, NOON)).toEqual(told)
})

it.each([
  ['2026-03-05T12:00:01Z', '63 days'],
  ['2026-01-02T12:00:00Z', '1 day'],
  ['2026-01-01T12:00:01Z', '0 days'],
  ['2026-01-01T11:59:59Z', 'expired'],
])('a certificate that expires at %s has %s left at noon of the first', (expiresAt, left) => {
  expect(words.daysLeft({ expiresAt }, NOON)).toBe(left)
})
