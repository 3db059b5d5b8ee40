/** Admission, the step between accept and connection, with mock connections and mock listeners. */
import { beforeEach, expect, test } from 'vitest'
import type { PeerAddress } from '../../src/address.js'
import { Admission } from '../../src/admission/admission.js'
import type { Decision, Queue } from '../../src/admission/rule.js'
import type { Backend } from '../../src/cluster/backend.js'
import type { Cluster } from '../../src/cluster/cluster.js'
import type { Dialling } from '../../src/cluster/dial.js'
import type { Connection } from '../../src/connection/connection.js'
import type { HeldConnection } from '../../src/connection/held-connection.js'
import type { Service } from '../../src/connection/service.js'
import type { Engine } from '../../src/io/engine.js'
import { RunQueue } from '../../src/io/run-queue.js'
import type { Socket } from '../../src/io/socket.js'
import { Sweep } from '../../src/io/sweep.js'
import type { Listener } from '../../src/listener/listener.js'

const backend = { name: 'b:1' } as Backend
const other = { name: 'b:2' } as Backend
const cluster = { name: 'back' } as Cluster
const service = { destinations: new Map([['back', { cluster }]]) } as unknown as Service
const queueFor = (target: Backend | Cluster): Queue => ({
  answer: 'queue',
  target,
  priority: 0,
  deadlineMs: 0,
})

let runQueue: RunQueue
let sweep: Sweep
let admission: Admission
/** What happened, in order. */
let told: string[]
/** How many more clients the rule lets in. */
let free: number
/** A client that the rule never lets in. */
let barred: string | undefined
let places: Map<string, Dialling>

beforeEach(() => {
  runQueue = new RunQueue()
  sweep = new Sweep()
  told = []
  free = 0
  barred = undefined
  places = new Map()
  admission = new Admission({ runQueue, sweep } as unknown as Engine, {
    decide: (_, from) => decide(from),
    ended: (_, from) => told.push(`${nameOf(from)} is over`),
  })
})

const nameOf = (from: PeerAddress): string => (from as { path: string }).path
const peer = (path: string): PeerAddress => ({ kind: 'unix', path })

function decide(from: PeerAddress): Decision {
  told.push(`${nameOf(from)}?`)
  if (free === 0 || nameOf(from) === barred) return 'wait'
  free--
  return 'go-on'
}

function enqueue(name: string, target: Backend | Cluster): void {
  const connection = {
    service,
    peer: peer(name),
    waitAt: (place: Dialling) => places.set(name, place),
    goOn: () => told.push(`${name} goes on`),
  }
  admission.hold(connection as unknown as HeldConnection, queueFor(target))
}

function over(name: string, of: Backend | undefined, wasLetIn = true): void {
  admission.ended({
    service,
    peer: peer(name),
    backend: of,
    cluster: 'back',
    wasLetIn,
  } as unknown as Connection)
}

/** A client waits at this listener. It is asked about again each time the listener goes on. */
function waitAtListener(name: string): void {
  const listener = {
    pause: () => {},
    putBack: () => {},
    resume: () => {
      if (admission.decide(service, peer(name)) === 'wait') wait()
      else told.push(`${name} goes on`)
    },
  } as unknown as Listener
  const wait = (): void => admission.wait(listener, {} as Socket, undefined)
  wait()
}

test('a client goes on at once if there is no admission rule', () => {
  expect(new Admission({ runQueue, sweep } as unknown as Engine).decide(service, 1)).toBe('go-on')
})

test('a release of a backend wakes the clients that wait for it or its cluster, and no others', async () => {
  enqueue('a', other)
  enqueue('b', cluster)
  enqueue('c', backend)
  free = 3
  admission.released(backend, cluster)
  expect(told).toEqual([])
  await null
  expect(told).toEqual(['b?', 'b goes on', 'c?', 'c goes on'])
  expect([other, cluster, backend].map((each) => admission.queued(each))).toEqual([1, 0, 0])
})

test('while the first client of a queue must wait, those behind it are not asked about', async () => {
  for (const name of ['a', 'b', 'c']) enqueue(name, backend)
  admission.released(backend, cluster)
  await null
  free = 1
  admission.released(backend, cluster)
  await null
  expect(told).toEqual(['a?', 'a?', 'a goes on', 'b?'])
})

test('while the first client of one queue must wait, the first of another queue may go on', async () => {
  enqueue('a', backend)
  enqueue('b', cluster)
  free = 1
  barred = 'a'
  admission.released(backend, cluster)
  await null
  expect(told).toEqual(['a?', 'b?', 'b goes on'])
})

test('several releases at once ask only once, and as many clients go on as the rule lets in', async () => {
  for (const name of ['a', 'b', 'c']) enqueue(name, backend)
  free = 2
  admission.released(backend, cluster)
  admission.released(backend, cluster)
  await null
  expect(told).toEqual(['a?', 'a goes on', 'b?', 'b goes on', 'c?'])
})

test('a new client does not overtake a waiting one whose turn may have come', () => {
  enqueue('a', backend)
  waitAtListener('b')
  waitAtListener('c')
  free = 3
  over('x', backend)
  expect(admission.decide(service, peer('d'))).toBe('wait')
  const runQueue = ['a?', 'a goes on', 'b?', 'b goes on', 'c?', 'c goes on']
  expect(told).toEqual(['x is over', ...runQueue, 'd?'])
})

test('waiting listeners have their turns in order, and one that must wait again goes to the end', async () => {
  for (const name of ['a', 'b', 'c']) waitAtListener(name)
  free = 1
  over('x', undefined)
  await null
  expect(told.splice(0)).toEqual(['x is over', 'a?', 'a goes on', 'b?', 'c?'])
  waitAtListener('d')
  free = 1
  over('y', undefined)
  await null
  expect(told).toEqual(['y is over', 'b?', 'b goes on', 'c?', 'd?'])
})

test('admission asks about one client at a time, so that other work runs between', () => {
  for (const name of ['a', 'b']) enqueue(name, backend)
  free = 2
  admission.released(backend, cluster)
  const busy = {
    isQueued: false,
    run: () => told.push('somebody else runs'),
  }
  runQueue.add(busy)
  runQueue.drain()
  expect(told).toEqual(['a?', 'a goes on', 'somebody else runs', 'b?', 'b goes on'])
})

test('a client that has left the queue before its turn is not asked about', async () => {
  for (const name of ['a', 'b']) enqueue(name, backend)
  free = 2
  admission.released(backend, cluster)
  places.get('a')!.cancel()
  await null
  places.get('a')!.cancel()
  expect(told).toEqual(['b?', 'b goes on'])
  expect(admission.queued(backend)).toBe(0)
})

test('the end of a client that was never let in is not told to the rule, and wakes waiting clients', async () => {
  waitAtListener('a')
  free = 1
  over('x', undefined, false)
  await null
  expect(told).toEqual(['a?', 'a goes on'])
})

test('an end or a release queues no work if no client waits', () => {
  over('x', backend)
  admission.released(backend, cluster)
  admission.askAgain()
  expect(admission.isQueued).toBe(false)
})
