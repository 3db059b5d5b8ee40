/** Backends that are in no config: which of them are the same, and whose limit holds. */
import { expect, test } from 'vitest'
import { parseAddress } from '../../src/address.js'
import type { Cluster } from '../../src/cluster/cluster.js'
import type { DecidedBackend, DialResult } from '../../src/cluster/dial.js'
import type { ForwardProxyOptions } from '../../src/via/forward-proxy.js'
import { A, B, clusterOf, engine, resolveName, turn, useScriptedClusters } from './cluster-rig.js'
import { requestOf } from './requests.js'

useScriptedClusters()

const addressOf = (text: string) => {
  const address = parseAddress(text)
  if (typeof address === 'string') throw new Error(address)
  return address
}
const via = (text: string, user?: string): ForwardProxyOptions => ({
  protocol: 'socks5',
  address: addressOf(text),
  credentials: user === undefined ? undefined : { user, password: 'hidden-word' },
})
const decided = (maxConnections: number, proxy?: ForwardProxyOptions): DecidedBackend => ({
  address: addressOf(A),
  via: proxy,
  maxConnections,
})

/** Its dials through any forward proxy succeed. */
const cluster = (): Cluster =>
  clusterOf([B], { dialThrough: (_, __, direct) => ({ dial: (...dial) => direct.dial(...dial) }) })

async function dial(one: Cluster, decision: DecidedBackend): Promise<DialResult> {
  const result = new Promise<DialResult>((done) => one.dial({ ...requestOf(0), decided: decision }, done))
  await turn()
  return result
}
const errorOf = async (one: Cluster, decision: DecidedBackend) => (await dial(one, decision)).error

test('one address behind two forward proxies, or as two users of one, is two backends', async () => {
  const one = cluster()
  const ways = [undefined, via('192.0.2.1:1080'), via('192.0.2.2:1080'), via('192.0.2.2:1080', 'app')]
  for (const way of ways) expect(await errorOf(one, decided(1, way))).toBeUndefined()
  for (const way of ways) expect(await errorOf(one, decided(1, way))).toBe('QUEUE_FULL')
})

test('a decided backend is forgotten when its connections are over, whatever leads to it', async () => {
  const one = cluster()
  const results = [
    await dial(one, decided(1)),
    await dial(one, decided(1, via('192.0.2.1:1080', 'app'))),
    await dial(one, decided(0, via('192.0.2.1:1080', 'app'))),
  ]
  for (const { backend } of results) {
    expect(one.isInUse).toBe(true)
    backend!.release()
  }
  expect(one.isInUse).toBe(false)
})

test('each decision says the limit of its own client, and all connections of the backend count', async () => {
  const one = cluster()
  const errors = []
  for (const most of [1, 1, 0, 3, 3, 1]) errors.push(await errorOf(one, decided(most)))
  expect(errors).toEqual([undefined, 'QUEUE_FULL', undefined, undefined, 'QUEUE_FULL', 'QUEUE_FULL'])
})

test('a decision without a limit does not change the limit of a client that still connects', async () => {
  const one = cluster()
  const named = (most: number) => ({ ...decided(most), address: addressOf('db.test:80') })
  engine.outcomes.set(A, 'never')
  const results = [dial(one, named(1)), dial(one, named(0))]
  await turn()
  resolveName('db.test', '10.0.0.1', '10.0.0.2')
  await turn()
  engine.settle(A, 'ECONNREFUSED')
  await turn()
  expect((await Promise.all(results)).map(({ error }) => error)).toEqual(['QUEUE_FULL', undefined])
})
