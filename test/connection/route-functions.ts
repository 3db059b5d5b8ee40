/** What a user's route function sees, and what happens with its answer. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { ListenerInput } from '../../src/config/listener-input.js'
import type { RouteFunction, Visitor } from '../../src/route/visitor.js'
import { Bed } from '../proxy/bed.js'
import { deadlinesAreLookedAt } from '../proxy/time.js'
import { Backend } from '../support/backend.js'
import { advanceClock } from '../support/clock.js'
import { helloOf } from '../support/hello.js'
import { turns, until } from '../support/wait.js'

export function describeRouteFunctions(): void {
  let backend: Backend
  let bed: Bed

  beforeEach(async () => {
    backend = await Backend.listen()
  })
  afterEach(async () => await bed.end())

  const start = async (route: RouteFunction, listener: Partial<ListenerInput> = {}, timeouts = {}) => {
    const front = { name: 'front', address: '127.0.0.1:0', route, ...listener }
    bed = await Bed.start({ backends: [backend], listeners: [front], timeouts })
  }

  /** Sends these bytes and returns the record. The client may be refused before it sees that it was accepted. */
  const recordOf = async (bytes: Buffer | string) => {
    const client = await bed.connect().catch(() => undefined)
    client?.send(Buffer.from(bytes))
    await client?.ended
    return (await bed.recorded(1))[0]!
  }

  it.each<[string, RouteFunction]>([
    ['at once', () => 'back'],
    ['later', async ({ peek }) => ((await peek(5)).toString() === 'hello' ? 'back' : undefined)],
  ])('a route function names a cluster %s, and no byte is lost', async (_, route) => {
    await start(route)
    const client = await bed.connect()
    client.send(Buffer.from('hello world'))
    client.end()
    const peer = await backend.accepted()
    await peer.ended
    expect(peer.received.toString()).toBe('hello world')
    peer.end()
  })

  it("a route function that names no cluster leaves the client to its listener's cluster", async () => {
    await start(() => undefined, { cluster: 'back' })
    const client = await bed.connect()
    await backend.accepted()
    client.reset()
  })

  it('a client is refused if its route function names no cluster and its listener has none', async () => {
    await start(() => undefined)
    expect((await recordOf('x')).ended.cause).toBe('no-route')
  })

  it('a route function rejects a client, and the record has its reason', async () => {
    await start((visitor) => visitor.reject('no such tenant'))
    expect((await recordOf('x')).ended).toEqual({
      by: 'proxy',
      phase: 'opening',
      cause: 'rejected: no such tenant',
    })
  })

  it.each<[string, RouteFunction, RegExp]>([
    [
      'throws',
      () => {
        throw new Error('oh no')
      },
      /oh no/,
    ],
    [
      'rejects its promise',
      async () => {
        throw new Error('oh no')
      },
      /oh no/,
    ],
    ['throws nothing', () => Promise.reject(), /it threw undefined: throw an Error/],
    ['returns a number', (() => Number.NaN) as never, /it returned NaN: return the name of a cluster/],
    [
      'misspells a key',
      (() => ({ clutser: 'back' })) as never,
      /"clutser" is an unknown key; did you mean "cluster"/,
    ],
    ['names an unknown cluster', () => 'nowhere', /there is no cluster "nowhere"/],
    ['names a property that every object has', () => 'constructor', /there is no cluster/],
    [
      'asks for too many bytes',
      async ({ peek }) => {
        await peek(20_000)
        return 'back'
      },
      /1 to 16384 bytes/,
    ],
  ])('a route function that %s ends its client, and the log says why', async (_, route, why) => {
    await start(route)
    expect((await recordOf('x')).ended.cause).toBe('route-failed')
    expect(await bed.told(/route function failed/)).toMatchObject({
      level: 'error',
      listener: 'front',
      err: { message: expect.stringMatching(why) },
    })
    expect(backend.peers).toEqual([])
  })

  it('a route function that fails for each client is told once a second', async () => {
    await start((() => 5) as never)
    for (let each = 0; each < 3; each++) await bed.turnedAway()
    const lines = () => bed.logged.filter(({ message }) => message.includes('route function failed'))
    expect(lines()).toHaveLength(1)
    advanceClock(1000)
    await bed.turnedAway()
    expect(lines()[1]).toMatchObject({ keptBack: 2 })
    await bed.recorded(4)
  })

  it('a route function that never answers ends its client after routeMs', async () => {
    await start(() => new Promise(() => {}), {}, { routeMs: 30 })
    expect(await recordOf('x')).toMatchObject({
      ended: { by: 'proxy', phase: 'opening', cause: 'route-timeout' },
      termination: 'PR',
    })
  })

  it.each<[string, RouteFunction]>([
    ['bytes', async ({ peek }) => void (await peek(5))],
    ['a ClientHello', async ({ clientHello }) => void (await clientHello())],
  ])('a route function that waits in vain for %s ends with a timeout of the client', async (_, route) => {
    await start(route, {}, { firstBytesMs: 30 })
    expect(await recordOf(Buffer.from([22, 3]))).toMatchObject({
      ended: { by: 'client', phase: 'opening', cause: 'first-bytes-timeout' },
      termination: 'cR',
    })
  })

  it('the time that a route function takes itself uses up no time of its client', async () => {
    const answers: (() => void)[] = []
    const route: RouteFunction = async ({ peek }) => {
      await new Promise<void>((resolve) => answers.push(resolve))
      return (await peek(1)).length === 1 ? 'back' : undefined
    }
    await start(route, {}, { firstBytesMs: 1000, routeMs: 0 })
    const client = await bed.connect()
    await until(() => answers.length === 1)
    advanceClock(60_000)
    await deadlinesAreLookedAt(bed)
    answers[0]!()
    await turns(5)
    client.send(Buffer.from('x'))
    await backend.accepted()
    client.reset()
  })

  it('a client that resets is recorded at once, although its route function still runs', async () => {
    let asked: () => void = () => {}
    const isAsked = new Promise<void>((resolve) => {
      asked = resolve
    })
    await start(() => {
      asked()
      return new Promise(() => {})
    })
    const client = await bed.connect()
    await isAsked
    client.reset()
    const [record] = await bed.recorded(1)
    expect(record!.ended).toMatchObject({ by: 'client', phase: 'opening', cause: 'client-gone' })
  })

  it('a route function sees the same ClientHello each time it asks', async () => {
    const seen: unknown[] = []
    await start(async (visitor) => {
      seen.push(await visitor.clientHello(), await visitor.clientHello())
      return visitor.reject()
    })
    await recordOf(await helloOf({ servername: 'A.test', ALPNProtocols: ['h2'] }))
    const hello = { serverName: 'a.test', alpn: ['h2'], versions: ['TLSv1.3', 'TLSv1.2'] }
    expect(seen).toEqual([hello, hello])
  })

  it('a route function sees undefined as the ClientHello of a client without TLS', async () => {
    await start(async (visitor) => visitor.reject(String(await visitor.clientHello())))
    expect((await recordOf('GET /')).ended.cause).toBe('rejected: undefined')
  })

  it('a client with a broken ClientHello is refused when its route function asks for it', async () => {
    await start(async (visitor) => ((await visitor.clientHello()) === undefined ? 'back' : 'back'))
    expect((await recordOf(Buffer.from([22, 3, 1, 0, 0]))).ended.cause).toBe('bad-hello: bad record length')
  })

  it('a route function sees fewer bytes than it asked for if its client has ended', async () => {
    const seen: string[] = []
    await start(async (visitor) => {
      seen.push((await visitor.peek(3)).toString(), (await visitor.peek(16)).toString())
      return visitor.reject()
    })
    const client = await bed.connect()
    client.send(Buffer.from('abcde'))
    client.end()
    await bed.recorded(1)
    expect(seen).toEqual(['abc', 'abcde'])
  })

  it('a route function sees the client, the listener and the PROXY header', async () => {
    let visitor: Visitor | undefined
    await start(
      (given) => {
        visitor = given
        return given.reject()
      },
      { acceptProxy: { from: ['127.0.0.1'] } },
    )
    await recordOf('PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n')
    expect(visitor).toMatchObject({
      client: { kind: 'tcp', host: '192.0.2.1', port: 1 },
      listener: 'front',
      proxyHeader: { version: 1, destination: { host: '192.0.2.2', port: 2 } },
      tls: undefined,
      request: undefined,
    })
  })

  it('a route function of an HTTP listener sees the request', async () => {
    let visitor: Visitor | undefined
    await start(
      (given) => {
        visitor = given
        return given.reject()
      },
      { protocol: 'http' },
    )
    const client = await bed.connect()
    client.send(Buffer.from('GET /a/b?secret HTTP/1.1\r\nHost: A.test:80\r\nX-Y: z\r\n\r\n'))
    await client.ended
    expect(client.received.toString()).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/)
    client.end()
    await bed.recorded(1)
    expect(visitor!.request).toMatchObject({ method: 'GET', host: 'a.test', path: '/a/b', isUpgrade: false })
    expect(visitor!.request!.fields).toContainEqual({ name: 'X-Y', value: 'z' })
  })
}
