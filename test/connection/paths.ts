/** Routes with a path, and upgrades and requests that spell the path in another way. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ListenerInput } from '../../src/config/listener-input.js'
import type { RouteFunction, Visitor } from '../../src/route/visitor.js'
import { Bed } from '../proxy/bed.js'
import { Backend } from '../support/backend.js'
import { headAt, UPGRADE } from './upgrades.js'

const request = (target: string, method = 'GET'): string =>
  `${method} ${target} HTTP/1.1\r\nHost: ws.test\r\n\r\n`
const upgrade = (target: string): string => UPGRADE.replace('/chat?token=secret', target)

export function describePaths(): void {
  let backend: Backend
  let bed: Bed

  beforeEach(async () => {
    backend = await Backend.listen()
  })
  afterEach(async () => await bed.end())

  const start = async (listener: Partial<ListenerInput>) => {
    const front = {
      name: 'front',
      address: '127.0.0.1:0',
      protocol: 'http',
      http: 'forward',
      ...listener,
    } as const
    bed = await Bed.start({ backends: [backend], listeners: [front] })
  }

  /** Sends a request and returns the status that millrace itself answers. No backend may be dialled. */
  const answerTo = async (bytes: string): Promise<string> => {
    const client = await bed.connect()
    client.send(Buffer.from(bytes))
    await client.ended
    client.end()
    expect(backend.peers).toEqual([])
    return client.received.toString().slice(9, 12)
  }

  /** Sends a request and returns the first line that reaches the backend. */
  const lineAtBackend = async (bytes: string): Promise<string> => {
    const client = await bed.connect()
    client.send(Buffer.from(bytes))
    const head = await headAt(await backend.accepted())
    client.reset()
    return head.slice(0, head.indexOf('\r\n'))
  }

  const guarded = { cluster: 'back', routes: [{ path: '/admin', reject: true }] } as const

  describe.each([
    ['a request', request],
    ['an upgrade', upgrade],
  ])('a route with a path that rejects, for %s', (_, ask) => {
    it.each([
      '/admin',
      '/%61dmin',
      '/%61%64%6D%69%6E',
      '//admin',
      '///admin//users',
      '/admin;x=1',
      '/admin;x/users',
      '/;/admin',
      '/admin?x',
      '/admi%6e/?%2F',
      'http://ws.test/%61dmin',
      'http://ws.test//admin',
    ])('a route that rejects /admin also rejects %s', async (target) => {
      await start(guarded)
      expect(await answerTo(ask(target))).toBe('403')
      expect((await bed.recorded(1))[0]!.ended.cause).toBe('rejected')
    })

    it.each([
      ['/x/../admin', 'dot segment'],
      ['/x/%2e%2E/admin', 'dot segment'],
      ['/./admin', 'dot segment'],
      ['/..;/admin', 'dot segment'],
      ['/x/..%3b/admin', 'dot segment'],
      ['/%2Fadmin', 'encoded slash'],
      ['/admin%2fusers', 'encoded slash'],
      ['/x/..%5cadmin', 'backslash'],
      ['/x\\..\\admin', 'backslash'],
      ['/admin%00', 'NUL'],
      ['/admin%', 'broken encoding'],
      ['/x/%c0%ae%c0%ae/admin', 'overlong encoding'],
      ['http://ws.test/x/../admin', 'dot segment'],
    ])('a client that asks for %s gets a 400 because of: %s', async (target, reason) => {
      await start(guarded)
      expect(await answerTo(ask(target))).toBe('400')
      expect((await bed.recorded(1))[0]!.ended.cause).toBe(`bad-request: ${reason} in the path`)
    })
  })

  it.each([
    '/administrator',
    '/Admin',
    '/%2561dmin',
    '/a/admin',
    '/admin%3Bx',
    '/adm?in=/../admin',
    '/x?%2F..%5C%00%',
  ])('a route that rejects /admin lets %s pass unchanged', async (target) => {
    await start(guarded)
    expect(await lineAtBackend(request(target))).toBe(`GET ${target} HTTP/1.1`)
  })

  it('a route with the path / does not match OPTIONS *', async () => {
    await start({ cluster: 'back', routes: [{ path: '/', reject: true }] })
    expect(await lineAtBackend(request('*', 'OPTIONS'))).toBe('OPTIONS * HTTP/1.1')
  })

  it('a route with an encoded path matches a request with another encoding of it', async () => {
    await start({ routes: [{ path: '/caf%C3%A9//%6denu', cluster: 'back' }] })
    expect(await lineAtBackend(request('/caf%c3%a9/menu'))).toBe('GET /caf%c3%a9/menu HTTP/1.1')
  })

  it.each(['/@scope%2Fname', '/@scope%2fname/-/x.tgz', '/%40scope/name'])(
    'a route with allowEncodedSlash compares an encoded slash as a slash: %s',
    async (target) => {
      await start({ allowEncodedSlash: true, routes: [{ path: '/@scope', cluster: 'back' }] })
      expect(await lineAtBackend(request(target))).toBe(`GET ${target} HTTP/1.1`)
    },
  )

  it.each([
    ['/%2Fadmin', '403'],
    ['/admin%2Fusers', '403'],
    ['/x%2F..%2fadmin', '400'],
    ['/x%5cadmin', '400'],
  ])('a route that rejects /admin and allows encoded slashes answers %s with %s', async (target, status) => {
    await start({ ...guarded, allowEncodedSlash: true })
    expect(await answerTo(request(target))).toBe(status)
  })

  it.each(['/a/../b', '/a/%2e%2e;x/b', '/a%2Fb', '/a%5Cb\\c', '/a%00', '/100%', '//a'])(
    'a listener without a route by path forwards any path unchanged: %s',
    async (target) => {
      await start({ routes: [{ host: 'ws.test', cluster: 'back' }] })
      expect(await lineAtBackend(request(target))).toBe(`GET ${target} HTTP/1.1`)
      expect(await lineAtBackend(upgrade(target))).toBe(`GET ${target} HTTP/1.1`)
    },
  )

  it('a route function sees the path as it came and as routes compare it', async () => {
    const seen: Visitor['request'][] = []
    const route: RouteFunction = ({ request: asked, reject }) => {
      seen.push(asked)
      return reject()
    }
    await start({ route })
    expect(await answerTo(request('//%61dmin;x?q'))).toBe('403')
    expect(seen).toMatchObject([{ path: '//%61dmin;x', comparedPath: '/admin' }])
    expect(await answerTo(request('/a/../admin'))).toBe('400')
    expect(seen).toHaveLength(1)
  })
}
