/** What clients speak first: to which cluster that leads, and how clients end that say too little or nothing. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { ListenerInput } from '../../src/config/listener-input.js'
import { Bed } from '../proxy/bed.js'
import { hastened } from '../proxy/time.js'
import { Backend } from '../support/backend.js'
import { advanceClock } from '../support/clock.js'
import { helloOf } from '../support/hello.js'
import type { Peer } from '../support/peer.js'
import { TLS_REQUEST } from '../support/postgres-packets.js'
import { turns, until } from '../support/wait.js'

const NAMES = ['ssh', 'web', 'plain', 'db', 'redis', 'silent', 'rest'] as const
type Name = (typeof NAMES)[number]

const SSH = Buffer.from('SSH-2.0-test\r\n')
const HTTP = Buffer.from('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')
const REDIS = Buffer.from('*1\r\n$4\r\nPING\r\n')
/** Of an unknown protocol. */
const OTHER = Buffer.from('HELO a.test\r\n')
const ROUTES = [
  { speaks: 'ssh', cluster: 'ssh' },
  { sni: 'a.test', cluster: 'web' },
  { speaks: 'http', cluster: 'plain' },
  { speaks: ['postgres', 'rdp'], cluster: 'db' },
  { speaks: 'hex:2a310d0a', cluster: 'redis' },
] as const
/** The same routes without the one that needs a ClientHello. */
const WITHOUT_SNI = ROUTES.filter((route) => !('sni' in route))
const onSilent = { afterMs: 1000, cluster: 'silent' }

export function describeSpeaks(): void {
  let backends: Record<Name, Backend>
  let bed: Bed

  beforeEach(async () => {
    const each = await Promise.all(NAMES.map(async (name) => [name, await Backend.listen()] as const))
    backends = Object.fromEntries(each) as Record<Name, Backend>
  })
  afterEach(async () => {
    await bed.end()
    await Promise.all(Object.values(backends).map((backend) => backend.close()))
  })

  const start = async (listener: Partial<ListenerInput> = {}, timeouts = {}, cluster = {}) => {
    const front = { name: 'front', address: '127.0.0.1:0', routes: ROUTES, ...listener }
    const clusters = Object.entries(backends).map(([name, { address }]) => [
      name,
      { backends: [address], ...cluster },
    ])
    bed = await Bed.start({ listeners: [front], clusters: Object.fromEntries(clusters), timeouts })
  }

  /** The cluster that gets a connection for the client, or how the client ends if none does. */
  const outcomeOf = (client: Peer): Promise<string> =>
    Promise.race([
      ...NAMES.map((name) => backends[name].connected().then(() => name)),
      client.ended.then(async () => (await bed.recorded(1))[0]!.ended.cause),
    ])

  /** Ends the connection to `name`, and checks that all bytes have arrived. */
  const finish = async (client: Peer, name: string): Promise<void> => {
    const peer = await backends[name as Name].accepted()
    client.end()
    await peer.ended
    peer.end()
    await client.closed
    expect(peer.received.equals(client.sent)).toBe(true)
  }

  const lead = async (bytes: Buffer): Promise<string> => {
    const client = await bed.connect()
    const outcome = outcomeOf(client)
    client.send(bytes)
    const name = await outcome
    if (name in backends) await finish(client, name)
    return name
  }

  it('clients of one port go to clusters by what they speak, and by the server name of their TLS', async () => {
    await start()
    const led: [string, Buffer, string | undefined][] = [
      ['ssh', SSH, 'ssh'],
      ['web', await helloOf({ servername: 'a.test' }), 'tls'],
      ['plain', HTTP, 'http'],
      ['db', TLS_REQUEST, 'postgres'],
      ['db', Buffer.from('0300000b06e00000000000', 'hex'), 'rdp'],
      ['redis', REDIS, 'hex:2a310d0a'],
    ]
    for (const [name, bytes] of led) expect(await lead(bytes)).toBe(name)
    const records = await bed.recorded(led.length)
    expect(records.map(({ speaks }) => speaks)).toEqual(led.map(([, , speaks]) => speaks))
    expect(records.map(({ protocol }) => protocol)).toEqual(['TCP', 'TLS', 'TCP', 'TCP', 'TCP', 'TCP'])
  })

  it('a client may send its first bytes one by one', async () => {
    await start()
    for (const [name, bytes] of [
      ['ssh', SSH],
      ['plain', HTTP],
      ['web', await helloOf({ servername: 'a.test' })],
    ] as const) {
      const client = await bed.connect()
      const outcome = outcomeOf(client)
      for (const byte of bytes) {
        client.send(Buffer.from([byte]))
        await turns(2)
      }
      expect(await outcome).toBe(name)
      await finish(client, name)
    }
  })

  it.each<[string, object, string]>([
    ['is refused', {}, 'bad-hello: not TLS'],
    ['is refused although the listener has a cluster', { cluster: 'rest' }, 'bad-hello: not TLS'],
    [
      'is refused although it matches a route without speaks',
      { routes: [{ source: '127.0.0.1', cluster: 'rest' }, ...ROUTES] },
      'bad-hello: not TLS',
    ],
    ['goes to the cluster of onBadHello', { onBadHello: 'rest' }, 'rest'],
  ])('where TLS is needed, a client that speaks nothing of the list %s', async (_, listener, expected) => {
    await start(listener)
    expect(await lead(OTHER)).toBe(expected)
    expect((await bed.recorded(1))[0]).not.toHaveProperty('speaks')
  })

  it.each<[string, object, string]>([
    ['is refused', {}, 'no-route'],
    ['goes to the cluster of the listener', { cluster: 'rest' }, 'rest'],
    [
      'goes to a route without speaks',
      { routes: [...WITHOUT_SNI, { source: '127.0.0.1', cluster: 'rest' }] },
      'rest',
    ],
  ])('where no TLS is needed, a client that speaks nothing of the list %s', async (_, listener, expected) => {
    await start({ routes: WITHOUT_SNI, ...listener })
    expect(await lead(OTHER)).toBe(expected)
  })

  it('a route rejects clients by what they speak', async () => {
    await start({ routes: [{ speaks: 'ssh', source: '127.0.0.0/8', reject: true }], cluster: 'rest' })
    expect(await lead(SSH)).toBe('rejected')
  })

  it('a route that rejects a network also holds for clients that speak no TLS', async () => {
    await start({ routes: [{ source: '127.0.0.0/8', reject: true }, ...ROUTES] })
    const client = await bed.connect()
    client.send(SSH)
    expect(await outcomeOf(client)).toBe('rejected')
  })

  it('a route that rejects a network also holds for clients that say nothing', async () => {
    await start({ routes: [{ source: '127.0.0.0/8', reject: true }, ...ROUTES], onSilent })
    const client = await bed.connect()
    const outcome = outcomeOf(client)
    await until(() => bed.proxy.connections().length > 0)
    expect(await hastened(bed, outcome)).toBe('rejected')
  })

  it('TLS without a ClientHello that can be read is refused, whatever else the listener serves', async () => {
    await start({ cluster: 'rest' })
    expect(await lead(Buffer.from('16030100050100000103', 'hex'))).toBe('bad-hello: lengths do not fit')
    expect((await bed.recorded(1))[0]).toMatchObject({ speaks: 'tls', protocol: 'TLS' })
  })

  it('a cluster that hashes the server name also gets clients without TLS', async () => {
    const keyed = { balance: 'hash', hash: { key: 'sni' } }
    await start({ routes: [{ speaks: 'ssh', cluster: 'ssh' }], cluster: 'rest' }, {}, keyed)
    expect(await lead(SSH)).toBe('ssh')
    expect(await lead(await helloOf({ servername: 'a.test' }))).toBe('rest')
    expect(await lead(OTHER)).toBe('rest')
    expect((await bed.recorded(3))[1]).toMatchObject({ sni: 'a.test' })
  })

  it('behind a PROXY header a client is told apart by the bytes after it', async () => {
    await start({ acceptProxy: { from: ['127.0.0.1'] } })
    const client = await bed.connect()
    const outcome = outcomeOf(client)
    const header = Buffer.from('PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n')
    client.send(Buffer.concat([header, SSH]))
    expect(await outcome).toBe('ssh')
    const peer = await backends.ssh.accepted()
    await peer.receive(SSH.length)
    expect(peer.received.equals(SSH)).toBe(true)
    client.end()
    peer.end()
    expect((await bed.recorded(1))[0]).toMatchObject({ client: '192.0.2.1:1', speaks: 'ssh' })
  })

  it('a PROXY header passes through where speaks: proxy asks for it', async () => {
    await start({ routes: [{ speaks: 'proxy', cluster: 'web' }] })
    expect(await lead(Buffer.from('PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nhello'))).toBe('web')
  })

  it('a client is dialled for only once it has said what it speaks', async () => {
    await start({ routes: WITHOUT_SNI, cluster: 'rest' })
    const client = await bed.connect()
    const outcome = outcomeOf(client)
    client.send(SSH.subarray(0, 3))
    await until(() => bed.proxy.connections().length > 0)
    await turns(50)
    expect(Object.values(backends).flatMap(({ peers }) => peers)).toEqual([])
    client.send(SSH.subarray(3))
    expect(await outcome).toBe('ssh')
    await finish(client, 'ssh')
  })

  it.each<[string, object, string, string]>([
    ['is refused', {}, 'S', 'first-bytes-timeout'],
    ['goes to the cluster of its listener', { cluster: 'rest' }, 'S', 'rest'],
    [
      'goes to the route that its bytes suffice for',
      { routes: [...WITHOUT_SNI, { speaks: 'hex:53', cluster: 'redis' }] },
      'S',
      'redis',
    ],
    [
      'is refused where TLS is needed',
      { routes: ROUTES, cluster: 'rest', onBadHello: 'rest' },
      '\x16\x03',
      'first-bytes-timeout',
    ],
  ])('a client that sends a part of its first bytes and stops %s', async (_, listener, bytes, expected) => {
    await start({ routes: WITHOUT_SNI, ...listener })
    const client = await bed.connect()
    const outcome = outcomeOf(client)
    client.send(Buffer.from(bytes, 'latin1'))
    expect(await hastened(bed, outcome)).toBe(expected)
    if (expected in backends) await finish(client, expected)
    expect((await bed.recorded(1))[0]!.speaks).toBe(expected === 'redis' ? 'hex:53' : undefined)
  })

  it.each<[string, object, string]>([
    ['goes to its cluster', { cluster: 'rest' }, 'rest'],
    ['is refused if the listener has none', {}, 'client-gone'],
  ])('a client that ends inside its first bytes %s', async (_, listener, expected) => {
    await start({ routes: WITHOUT_SNI, ...listener })
    const client = await bed.connect()
    const outcome = outcomeOf(client)
    client.send(Buffer.from('S'))
    client.end()
    expect(await outcome).toBe(expected)
    if (expected in backends) await finish(client, expected)
  })

  it('a client that ends without a byte is gone', async () => {
    await start({ routes: WITHOUT_SNI, cluster: 'rest', onSilent })
    const client = await bed.connect()
    client.end()
    expect(await outcomeOf(client)).toBe('client-gone')
  })

  it.each<[string, object, string]>([
    ['goes to the cluster of onSilent', { onSilent, cluster: 'rest' }, 'silent'],
    ['goes to the cluster of onSilent where TLS is needed', { routes: ROUTES, onSilent }, 'silent'],
    [
      'goes to the cluster of onSilent where nothing else is looked at',
      { routes: [{ sni: 'a.test', cluster: 'web' }], onSilent },
      'silent',
    ],
    ['goes to the cluster of its listener without onSilent', { cluster: 'rest' }, 'rest'],
    ['is refused if the listener has neither', {}, 'first-bytes-timeout'],
    ['is refused where TLS is needed', { routes: ROUTES, cluster: 'rest' }, 'first-bytes-timeout'],
  ])('a client that sends nothing %s', async (_, listener, expected) => {
    await start({ routes: WITHOUT_SNI, ...listener })
    const client = await bed.connect()
    const outcome = outcomeOf(client)
    await until(() => bed.proxy.connections().length > 0)
    expect(await hastened(bed, outcome)).toBe(expected)
    if (expected in backends) {
      const peer = await backends[expected as Name].accepted()
      peer.send(Buffer.from('220 a.test\r\n'))
      await client.receive(12)
      client.send(OTHER)
      client.end()
      await peer.ended
      peer.end()
      expect(peer.received.equals(OTHER)).toBe(true)
    }
    expect((await bed.recorded(1))[0]!.speaks).toBe('nothing')
  })

  it('a client that speaks at last, before onSilent, has firstBytesMs from its accept on', async () => {
    await start({ routes: WITHOUT_SNI, onSilent }, { firstBytesMs: 3000 })
    const client = await bed.connect()
    await until(() => bed.proxy.connections().length > 0)
    advanceClock(900)
    client.send(SSH.subarray(0, 1))
    await turns(50)
    const outcome = outcomeOf(client)
    expect(await hastened(bed, outcome)).toBe('first-bytes-timeout')
    expect((await bed.recorded(1))[0]!.timings.totalMs).toBeGreaterThan(3000)
  })

  it('a client that speaks its protocol after a pause does not go to the cluster of onSilent', async () => {
    await start({ routes: WITHOUT_SNI, onSilent })
    const client = await bed.connect()
    const outcome = outcomeOf(client)
    await until(() => bed.proxy.connections().length > 0)
    advanceClock(900)
    client.send(SSH)
    expect(await outcome).toBe('ssh')
    await finish(client, 'ssh')
  })
}
