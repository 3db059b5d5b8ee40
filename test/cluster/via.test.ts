/** A cluster with a forward proxy: what it dials, which names it resolves, and whom failures are counted against. */
import { expect, test, vi } from 'vitest'
import { parseAddress } from '../../src/address.js'
import type { Cluster } from '../../src/cluster/cluster.js'
import type { DialResult } from '../../src/cluster/dial.js'
import type { DialerOutcome } from '../../src/cluster/dialer.js'
import type { DialThrough } from '../../src/cluster/forward-proxy.js'
import { DnsNames } from '../../src/cluster/names/dns-names.js'
import { validateConfig } from '../../src/config/validate.js'
import type { Socket } from '../../src/io/socket.js'
import type { ForwardProxyOptions } from '../../src/via/forward-proxy.js'
import {
  BALANCED,
  clusterOf,
  dial,
  dns,
  engine,
  failName,
  outcomeNow,
  QUICK,
  resolveName,
  turn,
  useScriptedClusters,
} from './cluster-rig.js'
import { NO_JITTER, SETTINGS } from './names/scripted-dns.js'
import { requestOf } from './requests.js'

const [A, B] = ['db-1.test:80', 'db-2.test:80'] as const

useScriptedClusters()

const via = (text: string): ForwardProxyOptions => {
  const address = parseAddress(text)
  if (typeof address === 'string') throw new Error(address)
  return { protocol: 'socks5', address, credentials: { user: 'app', password: 'hidden-word' } }
}

/** A dialer that answers by the address of the backend, and notes where the forward proxy is. */
function scripted(outcomes: Record<string, DialerOutcome> = {}) {
  const dialled: string[] = []
  const dialThrough: DialThrough = (_, { current }) => ({
    dial: (to, __, done) => {
      const name = to.kind === 'tcp' ? `${to.host}:${to.port}` : to.path
      dialled.push(name)
      const socket = { reset: () => {} } as Socket
      queueMicrotask(() =>
        done(outcomes[name] ?? { socket, errno: '', via: { name: `at ${current !== undefined}` } }),
      )
      return { cancel: () => {} }
    },
  })
  return { dialled, dialThrough }
}

const failing = (errno: string, mayTryNext?: boolean): DialerOutcome => ({
  socket: undefined,
  errno,
  via: { name: 'p', failure: mayTryNext === undefined ? undefined : { detail: 'why', mayTryNext } },
})
const failuresOf = (cluster: Cluster) => cluster.status().backends.map(({ failures }) => failures)

test('a cluster dials names through its forward proxy, and resolves none of them', async () => {
  const { dialled, dialThrough } = scripted()
  const cluster = clusterOf([A, B], { dialThrough }, { via: via('192.0.2.1:1080') })
  await dial(cluster)
  await dial(cluster)
  expect([dialled, engine.dialled, dns.names]).toEqual([[A, B], [], []])
  expect(cluster.via).toBe('socks5://192.0.2.1:1080')
  expect(JSON.stringify(cluster.status())).not.toContain('hidden-word')
  expect(cluster.status().backends[0]).toMatchObject({ state: 'up', resolved: [] })
})

test('a client waits for the name of the forward proxy', async () => {
  const { dialled, dialThrough } = scripted()
  const cluster = clusterOf([A], { dialThrough }, { via: via('proxy.test:1080') })
  const result = dial(cluster)
  await turn()
  expect([dialled, dns.names]).toEqual([[], ['proxy.test']])
  resolveName('proxy.test', '192.0.2.1')
  expect((await result).backend?.name).toBe(A)
})

test('if the name of the forward proxy comes too late, it is to blame and no backend is', async () => {
  const { dialThrough } = scripted()
  const cluster = clusterOf([A], { dialThrough }, { via: via('proxy.test:1080') })
  const result = dial(cluster, 1000)
  await vi.advanceTimersByTimeAsync(1000)
  expect(await result).toMatchObject({
    error: 'ETIMEDOUT',
    via: { name: 'socks5://proxy.test:1080', failure: { detail: 'its name has no address' } },
  })
  expect(failuresOf(cluster)).toEqual([0])
})

test('a client does not wait for a name whose lookup has failed', async () => {
  const { dialled, dialThrough } = scripted({ [A]: failing('ENOTFOUND', false) })
  const cluster = clusterOf([A], { dialThrough }, { via: via('proxy.test:1080') })
  failName('proxy.test')
  expect(await outcomeNow(cluster)).toMatchObject({ error: 'ENOTFOUND', via: { failure: { detail: 'why' } } })
  expect(dialled).toEqual([A])
})

test('a client does not wait for a name of which another cluster knows that it has no answer', async () => {
  const names = new DnsNames(SETTINGS, { createClient: () => dns, random: () => NO_JITTER })
  clusterOf(['proxy.test:80'], { names })
  failName('proxy.test')
  const { dialled, dialThrough } = scripted({ [A]: failing('ENOTFOUND', false) })
  const cluster = clusterOf([A], { dialThrough, names }, { via: via('proxy.test:1080') })
  expect(await outcomeNow(cluster)).toMatchObject({ error: 'ENOTFOUND' })
  expect(dialled).toEqual([A])
})

test.each<[string, DialerOutcome, number, string[]]>([
  [
    'that it reports about a backend counts against this one, and the next is tried',
    failing('ECONNREFUSED'),
    1,
    [A, B],
  ],
  ['for one backend blames nobody, and the next is tried', failing('EACCES', true), 0, [A, B]],
  ['for all backends blames nobody, and no other is tried', failing('EACCES', false), 0, [A]],
])('a failure of the forward proxy %s', async (_, outcome, failures, tried) => {
  const { dialled, dialThrough } = scripted({ [A]: outcome })
  const cluster = clusterOf([A, B], { dialThrough }, { via: via('192.0.2.1:1080') })
  const result = await dial(cluster)
  expect(dialled).toEqual(tried)
  expect(failuresOf(cluster)).toEqual([failures, 0])
  expect(result.retries).toBe(tried.length - 1)
  if (tried.length === 1)
    expect(result).toMatchObject({ error: 'EACCES', via: { failure: { detail: 'why' } } })
  expect(cluster.status().backends[0]).toMatchObject({ active: 0 })
  expect(cluster.backends[0]!.dialling).toBe(0)
})

test('if every backend fails in the forward proxy, the last failure is told', async () => {
  const { dialThrough } = scripted({ [A]: failing('EACCES', true), [B]: failing('EHOSTUNREACH') })
  const cluster = clusterOf([A, B], { dialThrough }, { via: via('192.0.2.1:1080') })
  expect(await dial(cluster)).toMatchObject({ error: 'EHOSTUNREACH', via: { name: 'p', failure: undefined } })
})

test('a client whose forward proxy fails for good during a hold tries again after the release', async () => {
  const outcomes: Record<string, DialerOutcome> = { [A]: failing('ECONNREFUSED', false) }
  const { dialled, dialThrough } = scripted(outcomes)
  const cluster = clusterOf([A], { dialThrough }, { via: via('192.0.2.1:1080') })
  const result = dial(cluster)
  cluster.queue.hold(30_000)
  await turn()
  expect([dialled, cluster.queue.length]).toEqual([[A], 1])
  delete outcomes[A]
  cluster.queue.release()
  expect((await result).backend?.name).toBe(A)
})

test('an update takes the forward proxy away, and then names of backends are resolved', async () => {
  const { dialThrough } = scripted()
  const backends = [{ address: parseAddress(A), weight: 1 }] as never
  const options = { ...BALANCED, health: QUICK, backends }
  const cluster = clusterOf([A], { dialThrough }, { via: via('proxy.test:1080') })
  cluster.update(options)
  expect([cluster.via, cluster.status().backends[0]!.state]).toEqual([undefined, 'unresolved'])
  resolveName('db-1.test', '192.0.2.9')
  await dial(cluster)
  expect(engine.dialled).toEqual(['192.0.2.9:80'])
  cluster.update({ ...options, via: via('192.0.2.1:1080') })
  expect(cluster.status().backends[0]).toMatchObject({ state: 'up', resolved: [] })
  expect((await dial(cluster)).via).toEqual({ name: 'at true' })
})

test('a server that a client asks for is left to the forward proxy, if the list allows its name', async () => {
  const { dialled, dialThrough } = scripted({ 'b.test:443': failing('EACCES', true) })
  const { out } = validateConfig({
    listeners: [{ address: '127.0.0.1:0', cluster: 'out' }],
    clusters: {
      out: {
        dial: { server: 'sni', allow: ['a.test', 'b.test', 'localhost'] },
        via: 'socks5://192.0.2.1:1080',
      },
    },
  }).clusters
  const cluster = clusterOf([], { dialThrough }, out)
  const ask = (serverName: string) =>
    new Promise<DialResult>((resolve) =>
      cluster.dial({ ...requestOf(1000), serverName, authority: undefined }, resolve),
    )
  expect(await ask('a.test')).toMatchObject({ server: { name: 'a.test:443' }, via: { name: 'at true' } })
  expect(await ask('b.test')).toMatchObject({ error: 'EACCES', via: { failure: { detail: 'why' } } })
  expect(await ask('c.test')).toMatchObject({ error: 'NOT_ALLOWED' })
  expect([dialled, dns.names, failuresOf(cluster)]).toEqual([['a.test:443', 'b.test:443'], [], [0, 0, 0]])
  expect(cluster.backends.map(({ dialling }) => dialling)).toEqual([0, 0, 0])
})

test('the name of a backend is not taken for that of the forward proxy', async () => {
  const { dialled, dialThrough } = scripted()
  const cluster = clusterOf(['other.test:80'], { dialThrough }, { via: via('proxy.test:1080') })
  expect(dns.names).toEqual(['proxy.test'])
  void dial(cluster, 0)
  await turn()
  expect(dialled).toEqual([])
  resolveName('proxy.test', '192.0.2.1')
  await turn()
  expect(dialled).toEqual(['other.test:80'])
})
