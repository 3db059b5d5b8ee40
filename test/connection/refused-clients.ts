/** How clients that get no backend are told: in which language, before or after their first bytes, and for how long. */
import { once } from 'node:events'
import { type TLSSocket, connect as tlsConnect } from 'node:tls'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { ListenerInput } from '../../src/config/listener-input.js'
import { mostTold } from '../../src/connection/told-clients.js'
import { mostOpenFds } from '../../src/io/kernel/native.js'
import { BY_FIRST_BYTES, BY_NAME } from '../../src/refusals/languages.js'
import type { Reason } from '../../src/refusals/refused.js'
import { Bed } from '../proxy/bed.js'
import { hastened } from '../proxy/time.js'
import { pattern } from '../support/bytes.js'
import { selfSigned } from '../support/certificate.js'
import { stopClock } from '../support/clock.js'
import { temporaryFolder } from '../support/folder.js'
import { helloOf } from '../support/hello.js'
import type { Peer } from '../support/peer.js'
import { cancelOf, GSS_REQUEST, startUpOf, TLS_REQUEST } from '../support/postgres-packets.js'
import { turns, until } from '../support/wait.js'

const LANGUAGES = { ...BY_FIRST_BYTES, ...BY_NAME }
const SSH = 'SSH-2.0-test\r\n'
const REDIS = '*1\r\n$4\r\nPING\r\n'
const HTTP = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n'
const START_UP = startUpOf({ user: 'app' })
const PROXY_HEADER = 'PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n'
/** Nobody listens there. */
const NO_BACKEND = '127.0.0.1:1'

const words = (language: keyof typeof LANGUAGES, reason: Reason): string =>
  LANGUAGES[language].bytes({ reason, status: 503, retryAfterSeconds: 5 }).toString('latin1')

export function describeRefusedClients(): void {
  const folder = temporaryFolder()
  let pair: { cert: string; key: string }
  let bed: Bed

  beforeAll(async () => {
    pair = await selfSigned(folder)
  })
  afterEach(() => bed.end())

  /** A proxy whose clients get no backend: there is none, or a route rejects them. */
  const start = async (listener: Partial<ListenerInput> = {}, refuseAs: 'auto' | 'close' = 'auto') => {
    const limits = { refuseAs, ...listener.limits }
    bed = await Bed.start({
      listeners: [{ name: 'front', address: '127.0.0.1:0', cluster: 'back', ...listener, limits }],
      backends: [NO_BACKEND],
    })
  }
  const rejecting = { routes: [{ source: '127.0.0.0/8', reject: true }] } as const

  const said = async (bytes: Buffer | string): Promise<Peer> => {
    const client = await bed.connect()
    client.send(Buffer.from(bytes as string, 'latin1'))
    return client
  }
  /** All that a client gets which sends these bytes, and how its connection ends. */
  const told = async (bytes: Buffer | string): Promise<[string, string]> => {
    const client = await said(bytes)
    const end = await client.ended
    client.end()
    return [end, client.received.toString('latin1')]
  }
  /** Resolves when so many clients were refused. The last one is still being told. */
  const isTold = (clients: number): Promise<void> =>
    until(() => bed.proxy.status().clusters[0]!.backends[0]!.failures === clients)
  const cause = async (): Promise<string> => (await bed.recorded(1))[0]!.ended.cause

  describe('a client whose first bytes tell its language', () => {
    it.each<[keyof typeof BY_FIRST_BYTES, Buffer | string | (() => Promise<Buffer>)]>([
      ['tls', () => helloOf({ servername: 'a.test' })],
      ['postgres', START_UP],
      ['redis', REDIS],
      ['redis', 'PING\r\n'],
    ])(
      'a client that speaks %s is told so without a backend, and behind a route',
      async (language, first) => {
        const bytes = typeof first === 'function' ? await first() : first
        await start()
        expect(await told(bytes)).toEqual(['fin', words(language, 'unavailable')])
        expect(await cause()).toBe('no-backend')
        await bed.end()
        await start(rejecting)
        expect(await told(bytes)).toEqual(['fin', words(language, 'denied')])
        expect(await cause()).toBe('rejected')
      },
    )

    it('a client that speaks HTTP gets a status, learns when to come again, and the connection closes', async () => {
      await start()
      const [end, answer] = await told(HTTP)
      expect(end).toBe('fin')
      expect(answer).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\n/)
      expect(answer).toContain('\r\nRetry-After: 5\r\n')
      expect(answer).toContain('\r\nConnection: close\r\n')
      await bed.recorded(1)
    })

    it('a client that asks for a name that no route has gets the TLS alert for unknown names', async () => {
      await start({ cluster: undefined, routes: [{ sni: 'a.test', cluster: 'back' }] })
      expect(await told(await helloOf({ servername: 'b.test' }))).toEqual(['fin', words('tls', 'unknown')])
      expect(await cause()).toBe('no-route')
    })

    it('a client that names no server gets the TLS alert for unknown names', async () => {
      await start({ onNoSni: 'reject' })
      expect(await told(await helloOf({}))).toEqual(['fin', words('tls', 'unknown')])
      expect(await cause()).toBe('no-sni')
    })

    it('a client gets its answer although its first bytes come one by one', async () => {
      await start()
      const client = await bed.connect()
      for (const byte of Buffer.from(REDIS)) {
        client.send(Buffer.from([byte]))
        await turns(2)
      }
      expect(await client.ended).toBe('fin')
      expect(client.received.toString()).toBe(words('redis', 'unavailable'))
      client.end()
      await bed.recorded(1)
    })

    it('a client gets its answer although it sends much more than its first bytes', async () => {
      await start()
      const client = await said(HTTP)
      client.send(pattern(1, 2_000_000))
      await client.receive(1)
      expect(await hastened(bed, cause())).toBe('no-backend')
      expect(client.received.toString()).toMatch(/^HTTP\/1\.1 503 /)
    })
  })

  describe('Postgres before its start-up', () => {
    it('a request for TLS or GSSAPI is answered with no, so that the client can be told', async () => {
      await start()
      const client = await said(GSS_REQUEST)
      await client.receive(1)
      client.send(TLS_REQUEST)
      await client.receive(2)
      client.send(START_UP)
      expect(await client.ended).toBe('fin')
      expect(client.received.toString('latin1')).toBe(`NN${words('postgres', 'unavailable')}`)
      client.end()
      await bed.recorded(1)
    })

    it('where TLS is expected, the request is answered with yes, and the hello with an alert', async () => {
      await start({ startTls: 'postgres', routes: [{ sni: 'a.test', cluster: 'back' }], cluster: undefined })
      const client = await said(TLS_REQUEST)
      await client.receive(1)
      client.send(await helloOf({ servername: 'b.test', ALPNProtocols: ['postgresql'] }))
      expect(await client.ended).toBe('fin')
      expect(client.received.toString('latin1')).toBe(`S${words('tls', 'unknown')}`)
      client.end()
      expect(await cause()).toBe('no-route')
    })

    it('a client that only cancels learns nothing', async () => {
      await start()
      expect(await told(cancelOf(7, Buffer.alloc(4)))).toEqual(['fin', ''])
      await bed.recorded(1)
    })

    it('bytes behind a request for TLS are no start-up, and the client is reset', async () => {
      await start()
      expect(await told(Buffer.concat([TLS_REQUEST, START_UP]))).toEqual(['ECONNRESET', ''])
      await bed.recorded(1)
    })
  })

  describe('a listener that knows more of its clients', () => {
    it('a client behind a PROXY header is told in its language', async () => {
      const routes = [{ source: '192.0.2.0/24', reject: true }] as const
      await start({ acceptProxy: { from: ['127.0.0.1'] }, routes })
      expect(await told(PROXY_HEADER + REDIS)).toEqual(['fin', words('redis', 'denied')])
      expect((await bed.recorded(1))[0]).toMatchObject({ client: '192.0.2.1:1' })
    })

    /** A client whose TLS ends at millrace, and all that it gets inside. */
    const toldInside = async (bytes: string): Promise<string> => {
      const port = Number(bed.address().split(':').at(-1))
      const client: TLSSocket = tlsConnect({ port, host: '127.0.0.1', rejectUnauthorized: false })
      client.on('error', () => {})
      await once(client, 'secureConnect')
      client.write(bytes)
      let got = ''
      client.on('data', (chunk) => {
        got += chunk.toString('latin1')
      })
      await once(client, 'close')
      return got
    }

    it('where millrace ends TLS, a client is told inside it in its own language', async () => {
      await start({ tls: pair })
      expect(await toldInside(REDIS)).toBe(words('redis', 'unavailable'))
      expect(await toldInside(START_UP.toString('latin1'))).toBe(words('postgres', 'unavailable'))
      expect(await toldInside(HTTP)).toMatch(/^HTTP\/1\.1 503 /)
      expect(await toldInside(SSH)).toBe('')
      await bed.recorded(4)
    })

    it('where millrace ends TLS, a mail client is told inside it', async () => {
      await start({ tls: pair, limits: { refuseAs: 'smtp' } })
      expect(await toldInside('')).toBe(words('smtp', 'unavailable'))
      await bed.recorded(1)
    })

    it('with protocol http a request gets its error answer, whatever refuseAs says', async () => {
      await start({ protocol: 'http', http: 'forward', limits: { refuseAs: 'close' } })
      const [end, answer] = await told(HTTP)
      expect([end, answer.slice(0, 12)]).toEqual(['fin', 'HTTP/1.1 503'])
      await bed.recorded(1)
    })
  })

  describe('a client that is refused before millrace has read a byte of it', () => {
    /** Connections that were let in and have ended. */
    let left = 0
    const refuse = async (listener: Partial<ListenerInput>, refuseAs: 'auto' | 'smtp' = 'auto') => {
      const decide = () => ({ answer: 'refuse', cause: 'rejected: enough are here' }) as const
      const ended = () => void left++
      const front = { name: 'front', address: '127.0.0.1:0', cluster: 'back', limits: { refuseAs } }
      // Its cluster is not asked.
      const clusters = { back: { backends: [NO_BACKEND], limits: { refuseAs: 'close' } } } as const
      bed = await Bed.start(
        { listeners: [{ ...front, ...listener }], clusters },
        { admission: { decide, ended } },
      )
    }
    afterEach(() => expect(left).toBe(0))

    it('it is told in the language behind its PROXY header', async () => {
      await refuse({ acceptProxy: { from: ['127.0.0.1'] } })
      expect(await told(PROXY_HEADER + REDIS)).toEqual(['fin', words('redis', 'denied')])
      expect(await told(REDIS)).toEqual(['fin', words('redis', 'denied')])
      expect(await told('PROXY TCP9 192.0.2.1\r\n')).toEqual(['ECONNRESET', ''])
      await bed.recorded(3)
    })

    it('it is told by an alert where millrace would end its TLS, also if refuseAs is smtp', async () => {
      for (const refuseAs of ['auto', 'smtp'] as const) {
        await refuse({ tls: pair }, refuseAs)
        expect(await told(await helloOf({}))).toEqual(['fin', words('tls', 'denied')])
        expect((await bed.recorded(1))[0]!.ended.phase).toBe('opening')
        if (refuseAs === 'auto') await bed.end()
      }
    })

    it('with protocol http it gets the response that it would get later', async () => {
      await refuse({ protocol: 'http' })
      const [end, answer] = await told(HTTP)
      expect([end, answer.slice(0, 12)]).toEqual(['fin', 'HTTP/1.1 403'])
      await bed.recorded(1)
    })
  })

  describe('a way that the config names', () => {
    it.each<[keyof typeof BY_NAME]>([['mysql'], ['smtp']])(
      'a client of %s is told at once, because it waits for the server to speak',
      async (refuseAs) => {
        await start({ limits: { refuseAs } })
        expect(await told('')).toEqual(['fin', words(refuseAs, 'unavailable')])
        await bed.recorded(1)
      },
    )

    it('with refuseAs close a client gets a FIN and no byte, also behind bytes that nobody reads', async () => {
      await start({}, 'close')
      expect(await told('')).toEqual(['fin', ''])
      expect(await told(pattern(1, 100_000))).toEqual(['fin', ''])
      await bed.recorded(2)
    })

    it('without refuseAs a client is reset, whatever it speaks', async () => {
      bed = await Bed.start({ backends: [NO_BACKEND] })
      expect(await bed.turnedAway()).toBe('ECONNRESET')
      await bed.recorded(1)
    })

    it('refuseAs of the cluster goes before that of the listener, and that before the one of the proxy', async () => {
      const front = { name: 'front', address: '127.0.0.1:0' }
      bed = await Bed.start({
        limits: { refuseAs: 'mysql' },
        listeners: [
          { ...front, cluster: 'own' },
          { ...front, name: 'side', cluster: 'plain', limits: { refuseAs: 'smtp' } },
          { ...front, name: 'last', cluster: 'plain' },
        ],
        clusters: {
          own: { backends: [NO_BACKEND], limits: { refuseAs: 'close' } },
          plain: { backends: [NO_BACKEND] },
        },
      })
      const got: string[] = []
      for (const listener of [0, 1, 2]) {
        const client = await bed.connect(listener)
        await client.ended
        got.push(client.received.toString('latin1'))
        client.end()
      }
      expect(got).toEqual(['', words('smtp', 'unavailable'), words('mysql', 'unavailable')])
      await bed.recorded(3)
    })
  })

  describe('clients that do not take part', () => {
    it('a client of an unknown language is reset at once', async () => {
      await start()
      expect(await told(SSH)).toEqual(['ECONNRESET', ''])
      await bed.recorded(1)
    })

    it.each<[string, string]>([
      ['nothing', ''],
      ['half of a TLS record', '\x16\x03\x01\x02'],
      ['half of a request line', 'GET /'],
      ['half of a start-up of Postgres', START_UP.toString('latin1').slice(0, 12)],
    ])('a client that sends %s is reset after a second', async (_, bytes) => {
      await start()
      const client = await said(bytes)
      await until(() => bed.proxy.connections().length > 0)
      expect(await hastened(bed, client.ended)).toBe('ECONNRESET')
      expect(await cause()).toBe('no-backend')
    })

    it('a client that goes away meanwhile leaves nothing behind, and its record keeps the cause', async () => {
      await start()
      const ends = await bed.connect()
      ends.end()
      expect(await ends.ended).toBe('ECONNRESET')
      const resets = await said('*1')
      await isTold(2)
      resets.reset()
      const records = await bed.recorded(2)
      expect(records.map(({ ended }) => ended.cause)).toEqual(['no-backend', 'no-backend'])
      expect(bed.proxy.engine.sweep.size).toBe(0)
    })

    it('a client that has its answer and neither ends nor sends more is closed after a second', async () => {
      await start()
      const client = await said(REDIS)
      expect(await client.ended).toBe('fin')
      expect(await hastened(bed, cause())).toBe('no-backend')
      expect(bed.proxy.engine.sweep.size).toBe(0)
    })

    it('a client that has its answer and sends for ever is closed after three seconds', async () => {
      await start()
      const client = await said(REDIS)
      client.isKeeping = false
      client.sendForEver(pattern(1, 65_536))
      expect(await hastened(bed, cause())).toBe('no-backend')
    })

    it('a proxy that stops closes clients that it is telling', async () => {
      await start()
      const client = await said('*1')
      await isTold(1)
      await bed.proxy.stop()
      expect(await client.ended).toBe('ECONNRESET')
      expect(await cause()).toBe('no-backend')
    })

    it('while as many clients are told as can be, the next ones are reset at once, and nothing is left of all', async () => {
      const most = mostTold(mostOpenFds())
      await start()
      stopClock()
      const connect = (count: number) => Promise.all(Array.from({ length: count }, () => bed.connect()))
      const silent: Peer[] = []
      while (silent.length < most) silent.push(...(await connect(Math.min(100, most - silent.length))))
      await until(() => bed.proxy.connections().length === most)
      expect(await bed.turnedAway()).toBe('ECONNRESET')
      const all = Promise.all(silent.map(({ ended }) => ended))
      expect(new Set(await hastened(bed, all))).toEqual(new Set(['ECONNRESET']))
      await bed.recorded(most + 1)
      expect(await told(REDIS)).toEqual(['fin', words('redis', 'unavailable')])
      await bed.recorded(most + 2)
    })
  })
}
