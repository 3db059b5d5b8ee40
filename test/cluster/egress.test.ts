/** A cluster that dials what its clients ask for: which addresses it dials, and what stops it. */
import { describe, expect, it, vi } from 'vitest'
import type { Cluster } from '../../src/cluster/cluster.js'
import type { Dialling, DialRequest, DialResult } from '../../src/cluster/dial.js'
import type { AllowedName } from '../../src/cluster/egress/policy.js'
import { Explanation } from '../../src/cluster/explanation.js'
import {
  BALANCED,
  clusterOf,
  dns,
  engine,
  LIMITS,
  resolveName,
  turn,
  useScriptedClusters,
} from './cluster-rig.js'
import { requestOf } from './requests.js'

const CONNECT_MS = 1000

useScriptedClusters()

const options = (allow: readonly AllowedName[]) => ({
  ...BALANCED,
  health: { ...BALANCED.health, eject: false, flapping: false } as const,
  dial: { server: 'sni', allow, ports: [443], defaultPort: 443, hasTls: false, ownListeners: [] } as const,
  backends: allow.map(({ name }) => ({
    address: { kind: 'tcp', host: name, port: 443 } as const,
    weight: 1,
  })),
})

const egress = (...names: (string | AllowedName)[]): Cluster =>
  clusterOf([], {}, options(names.map((name) => (typeof name === 'string' ? { name, networks: [] } : name))))

interface Asked {
  result: DialResult | undefined
  readonly dialling: Dialling
}

function ask(cluster: Cluster, serverName: string, more: Partial<DialRequest> = {}): Asked {
  const request = { ...requestOf(CONNECT_MS), serverName, ...more }
  const asked = {
    result: undefined as DialResult | undefined,
    dialling: cluster.dial(request, (result) => {
      asked.result = result
    }),
  }
  return asked
}

/** Asks, answers with these addresses, and returns the outcome. */
async function outcomeOf(cluster: Cluster, serverName: string, ...ips: string[]): Promise<DialResult> {
  const asked = ask(cluster, serverName)
  await turn()
  resolveName(`${serverName}.`, ...ips)
  await turn()
  return asked.result!
}

const backendOf = (cluster: Cluster) => cluster.status().backends[0]!

describe('a cluster with dial', () => {
  it('dials the address of the name, and counts the connection for the entry that allows it', async () => {
    const cluster = egress('*.a.test')
    const result = await outcomeOf(cluster, 'www.a.test', '20.0.0.1')
    expect(engine.dialled).toEqual(['20.0.0.1:443'])
    expect(result).toMatchObject({
      address: { host: '20.0.0.1', port: 443 },
      server: { name: 'www.a.test:443', host: 'www.a.test' },
      retries: 0,
    })
    expect(result.backend!.name).toBe('*.a.test:443')
    expect(backendOf(cluster)).toMatchObject({ state: 'up', active: 1, connections: 1, resolved: [] })
    result.backend!.release()
    expect(cluster.isInUse).toBe(false)
    expect(cluster.servingTier).toBe(0)
  })

  it('resolves a name only for the client that asks for it, and again for the next client', async () => {
    const cluster = egress('*.a.test')
    expect(dns.names).toEqual([])
    await outcomeOf(cluster, 'www.a.test', '20.0.0.1')
    await outcomeOf(cluster, 'www.a.test', '20.0.0.2')
    expect(engine.dialled).toEqual(['20.0.0.1:443', '20.0.0.2:443'])
  })

  it('refuses a name whose second answer is a private address', async () => {
    const cluster = egress('*')
    const first = await outcomeOf(cluster, 'rebind.test', '20.0.0.1')
    const second = await outcomeOf(cluster, 'rebind.test', '10.0.0.1')
    expect(first.socket).toBeDefined()
    expect(second).toMatchObject({
      error: 'NOT_ALLOWED',
      notAllowed: '10.0.0.1 is a private address (RFC 1918)',
    })
    expect(second.backend!.name).toBe('*:443')
    expect(engine.dialled).toEqual(['20.0.0.1:443'])
  })

  it('leaves out the addresses that may not be dialled, and dials the others', async () => {
    const cluster = egress('*')
    engine.outcomes.set('20.0.0.1:443', 'ECONNREFUSED')
    const mixed = ['127.0.0.1', '20.0.0.1', '::ffff:10.0.0.1', '20.0.0.1', '20.0.0.2', '169.254.169.254']
    const result = await outcomeOf(cluster, 'mixed.test', ...mixed)
    expect(engine.dialled).toEqual(['20.0.0.1:443', '20.0.0.2:443'])
    expect(result).toMatchObject({ retries: 1, address: { host: '20.0.0.2' } })
    expect(backendOf(cluster)).toMatchObject({ failures: 1, lastError: 'ECONNREFUSED', state: 'up' })
  })

  it('dials IPv6 and IPv4 beside each other, and tries at most four addresses', async () => {
    const cluster = egress('*')
    const ips = ['2a00::1', '2a00::2', '2a00::3', '20.0.0.1', '20.0.0.2', '20.0.0.3']
    for (const ip of ips) engine.outcomes.set(ip.includes(':') ? `[${ip}]:443` : `${ip}:443`, 'EHOSTUNREACH')
    const result = await outcomeOf(cluster, 'many.test', ...ips)
    expect(engine.dialled).toEqual(['[2a00::1]:443', '20.0.0.1:443', '[2a00::2]:443', '20.0.0.2:443'])
    expect(result).toMatchObject({ error: 'EHOSTUNREACH', retries: 1 })
    expect(backendOf(cluster)).toMatchObject({ failures: 2, active: 0, state: 'up', restingMs: 0 })
    expect(cluster.isInUse).toBe(false)
  })

  it('tries at most four addresses of one family, or two of each', async () => {
    const cluster = egress('*')
    const ips = ['20.0.0.1', '20.0.0.2', '20.0.0.3', '20.0.0.4', '20.0.0.5']
    for (const ip of [...ips, '[2a00::1]']) engine.outcomes.set(`${ip}:443`, 'ECONNREFUSED')
    await outcomeOf(cluster, 'one.test', ...ips)
    expect(engine.dialled.splice(0)).toEqual(ips.slice(0, 4).map((ip) => `${ip}:443`))
    await outcomeOf(cluster, 'two.test', ...ips, '2a00::1')
    expect(engine.dialled.splice(0)).toEqual(['20.0.0.1:443', '[2a00::1]:443', '20.0.0.2:443'])
    await outcomeOf(cluster, 'three.test', '2a00::1', ...ips)
    expect(engine.dialled.splice(0)).toEqual(['[2a00::1]:443', '20.0.0.1:443', '20.0.0.2:443'])
  })

  it('a family that does not answer costs the head start of the other one', async () => {
    const cluster = egress('*')
    engine.outcomes.set('[2a00::1]:443', 'never')
    const asked = ask(cluster, 'both.test')
    resolveName('both.test.', '2a00::1', '20.0.0.1')
    await turn()
    expect(asked.result).toBeUndefined()
    vi.advanceTimersByTime(250)
    await turn()
    expect(asked.result).toMatchObject({ address: { host: '20.0.0.1' }, retries: 0 })
    expect([engine.dialled, engine.cancelled]).toEqual([['[2a00::1]:443', '20.0.0.1:443'], 1])
  })

  it('never ejects an entry because servers behind it fail', async () => {
    const cluster = egress('*')
    engine.outcomes.set('20.0.0.1:443', 'ECONNREFUSED')
    for (let client = 0; client < 20; client++) await outcomeOf(cluster, 'down.test', '20.0.0.1')
    expect(await outcomeOf(cluster, 'up.test', '20.0.0.2')).toMatchObject({ retries: 0 })
    expect(backendOf(cluster)).toMatchObject({ failures: 20, state: 'up' })
  })

  it('an entry may lead into the networks that it names', async () => {
    const cluster = egress('*', { name: 'intranet.test', networks: ['10.0.0.0/8'] })
    expect((await outcomeOf(cluster, 'intranet.test', '10.0.0.1')).socket).toBeDefined()
    expect(await outcomeOf(cluster, 'intranet.test', '192.168.0.1')).toMatchObject({ error: 'NOT_ALLOWED' })
    expect(await outcomeOf(cluster, 'x.intranet.test', '10.0.0.1')).toMatchObject({ error: 'NOT_ALLOWED' })
  })

  it('resolves nothing for a client that may not have its server', async () => {
    const cluster = egress('a.test')
    const asked = [ask(cluster, 'b.test'), ask(cluster, '127.0.0.1')]
    expect(asked.map(({ result }) => result)).toEqual([undefined, undefined])
    await turn()
    expect(asked.map(({ result }) => result)).toMatchObject([
      { error: 'NOT_ALLOWED', notAllowed: 'no name in "allow" matches', backend: undefined },
      { error: 'NOT_ALLOWED', notAllowed: 'the server name is no host name', backend: undefined },
    ])
    expect([dns.asked.length, engine.dialled]).toEqual([0, []])
  })

  it('ends with the error of the resolver if the name has no address', async () => {
    const cluster = egress('*')
    const [missing, empty] = [ask(cluster, 'missing.test'), ask(cluster, 'empty.test')]
    dns.empty('missing.test.')
    dns.empty('empty.test.', 'NODATA')
    await turn()
    expect([missing.result, empty.result]).toMatchObject([{ error: 'ENOTFOUND' }, { error: 'ENOTFOUND' }])
    expect(cluster.isInUse).toBe(false)
  })

  it('waits for the resolver no longer than connectMs, and then calls off its question', async () => {
    const cluster = egress('*')
    const asked = ask(cluster, 'slow.test')
    expect(backendOf(cluster)).toMatchObject({ active: 0 })
    expect(cluster.isInUse).toBe(true)
    vi.advanceTimersByTime(CONNECT_MS)
    await turn()
    expect(asked.result).toMatchObject({ error: 'ETIMEDOUT' })
    expect(dns.names).toEqual([])
    expect(engine.dialled).toEqual([])
    expect(cluster.isInUse).toBe(false)
  })

  it('a client that goes away ends the wait for the resolver, and the connect', async () => {
    const cluster = egress('*')
    engine.outcomes.set('20.0.0.1:443', 'never')
    const [early, late] = [ask(cluster, 'early.test'), ask(cluster, 'late.test')]
    early.dialling.cancel()
    expect(dns.names).toEqual(['late.test.'])
    resolveName('late.test.', '20.0.0.1')
    late.dialling.cancel()
    late.dialling.cancel()
    await turn()
    expect([early.result, late.result]).toEqual([undefined, undefined])
    expect([engine.dialled.length, engine.cancelled]).toEqual([1, 1])
    expect(cluster.isInUse).toBe(false)
  })

  it('a stop ends the attempts that wait for the resolver', async () => {
    const cluster = egress('*')
    const asked = ask(cluster, 'slow.test')
    cluster.stop()
    await turn()
    expect(asked.result).toMatchObject({ error: 'ECANCELED' })
    const later = ask(cluster, 'slow.test')
    await turn()
    expect(later.result).toMatchObject({ error: 'ECANCELED' })
    expect(cluster.isInUse).toBe(false)
  })

  it('a connect that fails after a stop is the last one of its attempt', async () => {
    const cluster = egress('*')
    engine.outcomes.set('20.0.0.1:443', 'never')
    const asked = ask(cluster, 'a.test')
    resolveName('a.test.', '20.0.0.1', '20.0.0.2')
    cluster.stop()
    engine.settle('20.0.0.1:443', 'ECONNREFUSED')
    await turn()
    expect(asked.result).toMatchObject({ error: 'ECONNREFUSED', retries: 0 })
    expect(engine.dialled).toEqual(['20.0.0.1:443'])
  })

  it('an entry that an operator takes out gets no connection, not even one that is on its way', async () => {
    const cluster = egress('*')
    engine.outcomes.set('20.0.0.1:443', 'never')
    const [resolving, connecting] = [ask(cluster, 'a.test'), ask(cluster, 'b.test')]
    resolveName('b.test.', '20.0.0.1')
    cluster.set(cluster.backends[0]!, 1, 'drain')
    engine.settle('20.0.0.1:443', '')
    const late = ask(cluster, 'c.test')
    await turn()
    expect([resolving, connecting, late].map(({ result }) => result?.error)).toEqual(
      Array(3).fill('EHOSTDOWN'),
    )
    expect(engine.resets).toBe(1)
    expect(cluster.isInUse).toBe(false)
  })

  it('waits for file descriptors, and then dials the same address', async () => {
    const cluster = egress('*')
    engine.outcomes.set('20.0.0.1:443', 'EMFILE')
    engine.outcomes.set('20.0.0.2:443', 'EMFILE')
    const [patient, impatient] = [ask(cluster, 'a.test'), ask(cluster, 'b.test')]
    resolveName('a.test.', '20.0.0.1')
    resolveName('b.test.', '20.0.0.2')
    await turn()
    engine.outcomes.delete('20.0.0.1:443')
    for (let passed = 0; passed <= CONNECT_MS; passed += 50) {
      vi.advanceTimersByTime(50)
      await turn()
    }
    expect(patient.result).toMatchObject({ address: { host: '20.0.0.1' }, retries: 0 })
    expect(impatient.result).toMatchObject({ error: 'EMFILE' })
    expect(backendOf(cluster)).toMatchObject({ failures: 0, active: 1 })
  })

  it.each([
    ['a stop', (cluster: Cluster) => cluster.stop(), 'ECANCELED'],
    ['an operator', (cluster: Cluster) => cluster.set(cluster.backends[0]!, 1, 'maint'), 'EHOSTDOWN'],
  ])('%s ends the wait for file descriptors at once', async (_, end, error) => {
    const cluster = egress('*')
    engine.outcomes.set('20.0.0.1:443', 'EMFILE')
    const asked = ask(cluster, 'a.test')
    resolveName('a.test.', '20.0.0.1')
    await turn()
    engine.outcomes.delete('20.0.0.1:443')
    end(cluster)
    await turn()
    expect(asked.result).toMatchObject({ error, retries: 0 })
    vi.advanceTimersByTime(CONNECT_MS)
    expect(engine.dialled).toEqual(['20.0.0.1:443'])
    expect(cluster.isInUse).toBe(false)
  })

  it.each([
    ['connects', ''],
    ['fails', 'ECONNREFUSED'],
    ['finds no file descriptor', 'EMFILE'],
  ])('a client whose connect %s during a hold waits, and begins anew at the release', async (_, errno) => {
    const cluster = egress('*')
    engine.outcomes.set('20.0.0.1:443', 'never')
    const queued = vi.fn()
    const asked = ask(cluster, 'a.test', { queued })
    resolveName('a.test.', '20.0.0.1')
    cluster.queue.hold(30_000)
    engine.settle('20.0.0.1:443', errno)
    vi.advanceTimersByTime(50)
    await turn()
    expect([asked.result, asked.dialling.isQueued, cluster.queue.length, queued.mock.calls.length]).toEqual([
      undefined,
      true,
      1,
      1,
    ])
    expect([backendOf(cluster).active, engine.resets]).toEqual([0, errno === '' ? 1 : 0])
    const before = asked.dialling.queuedMs!
    vi.advanceTimersByTime(10_000)
    engine.outcomes.delete('20.0.0.1:443')
    cluster.queue.release()
    resolveName('a.test.', '20.0.0.2')
    await turn()
    expect(asked.result).toMatchObject({ address: { host: '20.0.0.2' } })
    expect(asked.dialling.queuedMs).toBe(before + 10_000)
    expect([backendOf(cluster).active, cluster.queue.length]).toEqual([1, 0])
  })

  it('a client that is resolving when a hold begins dials nothing before the release', async () => {
    const cluster = egress('*')
    const [patient, gone] = [ask(cluster, 'a.test'), ask(cluster, 'b.test')]
    cluster.queue.hold(30_000)
    cluster.set(cluster.backends[0]!, 1, 'maint')
    for (const name of ['a.test.', 'b.test.']) resolveName(name, '20.0.0.1')
    await turn()
    expect([engine.dialled, cluster.queue.length]).toEqual([[], 2])
    gone.dialling.cancel()
    cluster.set(cluster.backends[0]!, 1, 'up')
    cluster.queue.release()
    resolveName('a.test.', '20.0.0.1')
    await turn()
    expect([patient.result?.error, gone.result, engine.dialled.length]).toEqual([undefined, undefined, 1])
  })

  it('a client that has no room in the queue of a held cluster has no backend', async () => {
    const limits = { ...LIMITS, queueLength: 1 }
    const cluster = clusterOf([], {}, { ...options([{ name: '*', networks: [] }]), limits })
    engine.outcomes.set('20.0.0.1:443', 'never')
    const asked = ask(cluster, 'a.test')
    resolveName('a.test.', '20.0.0.1')
    cluster.queue.hold(30_000)
    ask(cluster, 'b.test')
    engine.settle('20.0.0.1:443', '')
    await turn()
    expect(asked.result).toMatchObject({ error: 'QUEUE_FULL', backend: undefined })
    expect(backendOf(cluster).active).toBe(0)
  })

  it('a reload changes what is allowed for the next client, and keeps the counts of entries that stay', async () => {
    const cluster = egress('a.test', 'b.test')
    const asked = ask(cluster, 'b.test')
    const first = await outcomeOf(cluster, 'a.test', '20.0.0.1')
    cluster.update(options([{ name: 'a.test', networks: ['10.0.0.0/8'] }]))
    resolveName('b.test.', '20.0.0.2')
    await turn()
    expect(asked.result?.socket).toBeDefined()
    expect(cluster.backend('b.test:443')?.active).toBe(1)
    expect((await outcomeOf(cluster, 'a.test', '10.0.0.1')).backend).toBe(first.backend)
    const refused = ask(cluster, 'b.test')
    await turn()
    expect(refused.result).toMatchObject({ error: 'NOT_ALLOWED' })
    expect(cluster.status().backends).toMatchObject([{ address: 'a.test:443', active: 2 }])
  })

  it('a cluster that gets backends instead resolves them, also one that was an entry before', async () => {
    const cluster = egress('a.test')
    const backends = [{ address: { kind: 'tcp', host: 'a.test', port: 443 } as const, weight: 1 }]
    cluster.update({ ...BALANCED, backends })
    const asked = ask(cluster, 'anything.test')
    resolveName('a.test', '10.0.0.1')
    await turn()
    expect(engine.dialled).toEqual(['10.0.0.1:443'])
    expect(asked.result).not.toHaveProperty('server')
  })

  it('explains which entry counted, and which addresses were left out', async () => {
    const cluster = egress('*')
    const explanation = new Explanation()
    ask(cluster, 'a.test', { explanation })
    resolveName('a.test.', '20.0.0.1', '10.0.0.1', '20.0.0.2')
    await turn()
    expect(explanation.choice).toMatchObject({
      rule: 'dial',
      tier: 0,
      candidates: 2,
      open: 0,
      skipped: [{ backend: '*:443', why: 'not-allowed', reason: '10.0.0.1 is a private address (RFC 1918)' }],
      skippedInAll: 1,
    })
  })
})
