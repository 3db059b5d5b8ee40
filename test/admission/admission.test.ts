/** Admission, the step between accept and connection, with mock connections and mock listeners. */
import { beforeEach, expect, test } from 'vitest'
import type { PeerAddress } from '../../src/address.js'
import { Admission } from '../../src/admission/admission.js'
import type { Decision } from '../../src/admission/rule.js'
import type { Connection } from '../../src/connection/connection.js'
import type { Service } from '../../src/connection/service.js'
import type { Engine } from '../../src/io/engine.js'
import { RunQueue } from '../../src/io/run-queue.js'
import type { Socket } from '../../src/io/socket.js'
import { Claim } from '../../src/limits/claim.js'
import type { Listener } from '../../src/listener/listener.js'

const service = { destinations: new Map() } as unknown as Service

let runQueue: RunQueue
let admission: Admission
/** What happened, in order. */
let told: string[]
/** How many more clients the rule lets in. */
let free: number

beforeEach(() => {
  runQueue = new RunQueue()
  told = []
  free = 0
  admission = new Admission({ runQueue } as unknown as Engine, {
    decide: (_, from) => decide(from),
    ended: ({ peer }) => told.push(`${nameOf(peer)} is over`),
  })
})

const nameOf = (from: PeerAddress): string => (from as { path: string }).path
const peer = (path: string): PeerAddress => ({ kind: 'unix', path })

function decide(from: PeerAddress): Decision {
  told.push(`${nameOf(from)}?`)
  if (free === 0) return 'wait'
  free--
  return 'go-on'
}

const connectionOf = (name: string): Connection =>
  ({ service, peer: peer(name), claim: new Claim() }) as unknown as Connection

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

test('several ends at once ask only once, and as many clients go on as the rule lets in', async () => {
  for (const name of ['a', 'b', 'c']) waitAtListener(name)
  free = 2
  admission.ended(connectionOf('x'))
  admission.ended(connectionOf('y'))
  await null
  expect(told).toEqual(['x is over', 'y is over', 'a?', 'a goes on', 'b?', 'b goes on', 'c?'])
})

test('a new client does not overtake a waiting one whose turn may have come', () => {
  for (const name of ['a', 'b']) waitAtListener(name)
  free = 2
  admission.ended(connectionOf('x'))
  expect(admission.decide(service, peer('d'))).toBe('wait')
  expect(told).toEqual(['x is over', 'a?', 'a goes on', 'b?', 'b goes on', 'd?'])
})

test('waiting listeners have their turns in order, and one that must wait again goes to the end', async () => {
  for (const name of ['a', 'b', 'c']) waitAtListener(name)
  free = 1
  admission.ended(connectionOf('x'))
  await null
  expect(told.splice(0)).toEqual(['x is over', 'a?', 'a goes on', 'b?', 'c?'])
  waitAtListener('d')
  free = 1
  admission.ended(connectionOf('y'))
  await null
  expect(told).toEqual(['y is over', 'b?', 'b goes on', 'c?', 'd?'])
})

test('admission asks about one client at a time, so that other work runs between', () => {
  for (const name of ['a', 'b']) waitAtListener(name)
  free = 2
  admission.askAgain()
  const busy = {
    isQueued: false,
    run: () => told.push('somebody else runs'),
  }
  runQueue.add(busy)
  runQueue.drain()
  expect(told).toEqual(['a?', 'a goes on', 'somebody else runs', 'b?', 'b goes on'])
})

test('the end of a connection without places is not told to the rule, and wakes waiting clients', async () => {
  waitAtListener('a')
  free = 1
  const refused: Connection = {
    ...connectionOf('x'),
    claim: undefined,
    gaveUp: () => admission.ended(refused),
  } as unknown as Connection
  admission.refuse(refused, { answer: 'refuse', cause: 'rejected' })
  await null
  expect(told).toEqual(['a?', 'a goes on'])
})

test('the queue of a cluster learns that a connection has given back its places', () => {
  const cluster = { queue: { freed: (free: object) => told.push(`${free === cluster}`) } }
  const ended = {
    ...connectionOf('x'),
    cluster: 'back',
    service: { destinations: new Map([['back', { cluster }]]) },
  } as unknown as Connection
  admission.ended(ended)
  expect(told).toEqual(['x is over', 'true'])
})

test('a place that is for another worker is offered to nobody here, and the rule learns when nobody waits', async () => {
  let isForOthers = true
  const rule = { isForOthers: () => isForOthers, nobodyWaits: () => told.push('nobody waits') }
  admission = new Admission({ runQueue } as unknown as Engine, { decide: (_, from) => decide(from), ...rule })
  waitAtListener('a')
  free = 1
  admission.ended(connectionOf('x'))
  await null
  expect(told).toEqual([])
  isForOthers = false
  admission.ended(connectionOf('y'))
  await null
  expect(told).toEqual(['a?', 'a goes on', 'nobody waits'])
})

test('an end queues no work if no client waits', () => {
  admission.ended(connectionOf('x'))
  admission.askAgain()
  expect(admission.isQueued).toBe(false)
})
