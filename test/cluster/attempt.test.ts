/** One attempt to dial. The test names its candidates and plays the cluster around it. */
import { beforeEach, expect, test, vi } from 'vitest'
import { type Address, parseAddress } from '../../src/address.js'
import { Attempt } from '../../src/cluster/attempt.js'
import type { AttemptHost, Next } from '../../src/cluster/attempt-host.js'
import { Backend } from '../../src/cluster/backend.js'
import type { BalanceRequest } from '../../src/cluster/balance/request.js'
import { Full } from '../../src/cluster/candidates.js'
import type { DialRequest, DialResult } from '../../src/cluster/dial.js'
import { ClusterQueue } from '../../src/cluster/queue/cluster-queue.js'
import { quickHealth } from './cluster-rig.js'
import { requestOf } from './requests.js'
import { ScriptedEngine } from './scripted-engine.js'

const A = '10.0.0.1:80'
const B = '10.0.0.2:80'
const C = '10.0.0.3:80'

let engine: ScriptedEngine
/** What the attempt passed each time it asked for the next candidate. */
let asked: { request: BalanceRequest; tried: string[] }[]
beforeEach(() => {
  engine = new ScriptedEngine()
  asked = []
})

const backendOf = (text: string): Backend => new Backend(parseAddress(text) as Address, 1, quickHealth())

function hostWith(order: readonly string[], queueLength = 0): AttemptHost {
  const backends = order.map(backendOf)
  for (const { endpoints } of backends)
    if (endpoints.hostName !== undefined) endpoints.resolved(['10.0.1.1', '10.0.1.2'])
  return {
    engine,
    queue: new ClusterQueue({
      name: 'test',
      counts: undefined,
      policy: () => ({ waitMs: 0, length: queueLength, isRefusing: false, mustPoll: false }),
      queued: () => {},
      now: () => 0,
      random: () => 0.5,
    }),
    waiting: new Set(),
    isStopped: () => false,
    now: () => 0,
    whyNone: () => 'ENOTFOUND',
    dueMs: () => Number.POSITIVE_INFINITY,
    next: (request, tried) => {
      asked.push({ request, tried: tried.map(({ name }) => name) })
      return backends.find((backend) => !tried.includes(backend))
    },
    succeeded: (backend) => void backend.dialSucceeded(0),
    failed: (backend, address, errno) => void backend.dialFailed(address, errno, 0),
  }
}

const dial = (order: readonly string[], request: DialRequest): Promise<DialResult> =>
  new Promise((done) => new Attempt(hostWith(order), request, done).start())

test('an attempt tries its candidates in the given order, and asks for each with the same request', async () => {
  engine.outcomes.set(C, 'ECONNREFUSED').set(A, 'ETIMEDOUT')
  const request = requestOf(1000)
  expect(await dial([C, A, B], request)).toMatchObject({ backend: { name: B }, retries: 2 })
  expect(engine.dialled).toEqual([C, A, B])
  expect(asked.map(({ tried }) => tried)).toEqual([[], [C], [C, A]])
  expect(new Set(asked.map((each) => each.request))).toEqual(new Set([request]))
})

test('an attempt tries the second addresses of backends in the order of the first ones', async () => {
  const order = ['db.example:82', A, 'db.example:81']
  const dead = ['10.0.1.1:81', '10.0.1.1:82', '10.0.1.2:82', A]
  for (const address of dead) engine.outcomes.set(address, 'ECONNREFUSED')
  expect(await dial(order, requestOf(1000))).toMatchObject({
    address: { host: '10.0.1.2', port: 81 },
    retries: 4,
  })
  expect(engine.dialled).toEqual(['10.0.1.1:82', A, '10.0.1.1:81', '10.0.1.2:82', '10.0.1.2:81'])
})

test('an attempt reads only connectMs of its request', async () => {
  const read = vi.fn()
  const request = new Proxy(requestOf(1000), {
    get: (target, name, receiver) => {
      read(name)
      return Reflect.get(target, name, receiver)
    },
  })
  await dial([A], request)
  expect(read.mock.calls).toEqual([['connectMs']])
})

test('an attempt that begins another round while it waits keeps its position in a full queue', async () => {
  const backend = backendOf('db.test:80')
  backend.endpoints.resolved(['10.0.1.1', '10.0.1.2'])
  const answers: Next[] = [backend, new Full(undefined), undefined, new Full(backend), backend]
  const host = { ...hostWith([], 1), next: () => answers.shift() }
  engine.outcomes.set('10.0.1.1:80', 'ECONNREFUSED')
  let result: DialResult | undefined
  const attempt = new Attempt(host, requestOf(0), (each) => {
    result = each
  })
  attempt.start()
  await Promise.resolve()
  await Promise.resolve()
  host.queue.look()
  expect([host.queue.length, attempt.isQueued, attempt.wants]).toEqual([1, true, backend])
  host.queue.look()
  await Promise.resolve()
  await Promise.resolve()
  expect([host.queue.length, result?.error, engine.dialled]).toEqual([
    0,
    undefined,
    ['10.0.1.1:80', '10.0.1.2:80'],
  ])
})
