/** Which requests the admin server allows, and how it refuses the others. */

import { once } from 'node:events'
import { existsSync, lstatSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { Told } from '../../../src/admin/told.js'
import { temporaryFolder } from '../../support/folder.js'
import { type Asked, Rig, TOKEN } from '../rig.js'

const folder = temporaryFolder()
let rig: Rig
afterEach(() => rig.end())

const KILL_ALL: Asked = { method: 'POST', body: { all: true } }
const KILL = '/api/v1/connections/kill'

describe('an admin server on a port', () => {
  it.each<[string, string, Asked, number, RegExp]>([
    ['no token', '/api/v1/status', { headers: { authorization: '' } }, 401, /Bearer TOKEN/],
    ['a wrong token', '/metrics', { headers: { authorization: 'Bearer nonsense' } }, 401, /Bearer/],
    [
      'another authentication scheme',
      '/api/v1/status',
      { headers: { authorization: `Basic ${TOKEN}` } },
      401,
      /Bearer/,
    ],
    ['a wrong token and an unknown path', '/nope', { headers: { authorization: 'x' } }, 401, /Bearer/],
    ['the Host of another site', '/livez', { headers: { host: 'evil.example' } }, 421, /evil\.example/],
    [
      'the address of another machine as Host',
      '/livez',
      { headers: { host: '10.0.0.1:80' } },
      421,
      /10\.0\.0\.1/,
    ],
    ['an invalid Host', '/livez', { headers: { host: 'a b' } }, 421, /a b/],
    [
      'an order and the Origin of another site',
      KILL,
      { ...KILL_ALL, headers: { origin: 'http://evil.example' } },
      403,
      /evil\.example/,
    ],
    ['an unknown path', '/api/v1/nope', {}, 404, /nothing at/],
    ['a path that leads upwards', '/assets/../package.json', {}, 404, /nothing at/],
    ['a path with an encoded slash', '/assets/..%2fpackage.json', {}, 404, /nothing at/],
    ['a wrong method', '/api/v1/status', { method: 'POST' }, 405, /POST/],
    ['GET instead of POST', KILL, {}, 405, /GET/],
    ['POST for a path that has only GET', '/livez', { method: 'POST' }, 405, /POST/],
    [
      'a body without the content type of JSON',
      KILL,
      { method: 'POST', body: '{}' },
      415,
      /application\/json/,
    ],
    [
      'a body that is not JSON',
      KILL,
      { method: 'POST', body: '{', headers: { 'content-type': 'application/json' } },
      400,
      /not JSON/,
    ],
    [
      'a body that is too large',
      KILL,
      { method: 'POST', body: { listener: 'x'.repeat(20_000) } },
      413,
      /at most 16384/,
    ],
    ['a kill order that names no connections', KILL, { method: 'POST', body: {} }, 422, /"all": true/],
    [
      'a drain order that names no target',
      '/api/v1/drain',
      { method: 'POST', body: { deadlineMs: 1 } },
      422,
      /"all": true/,
    ],
    ['an unknown field', KILL, { method: 'POST', body: { listeners: 'x' } }, 422, /listeners/],
    [
      'a client that is no address range',
      KILL,
      { method: 'POST', body: { client: 'everybody' } },
      422,
      /client: .*10\.0\.0\.0\/8/,
    ],
    ['a list instead of an object', KILL, { method: 'POST', body: [1] }, 422, /object/],
    ['a word instead of a number', '/api/v1/connections?limit=many', {}, 422, /limit/],
    ['a number out of range', '/api/v1/connections?limit=1001', {}, 422, /limit/],
    ['an unknown query parameter', '/api/v1/status?x=1', {}, 422, /x/],
    ['an unknown cluster', '/api/v1/clusters/x/backends', {}, 404, /cluster "x"/],
    [
      'an unknown backend',
      '/api/v1/clusters/back/backends/x%3A1',
      { method: 'PATCH', body: { state: 'up' } },
      404,
      /"x:1"/,
    ],
    ['an unknown connection', '/api/v1/connections/01', { method: 'DELETE' }, 404, /connection "01"/],
    [
      'an unknown listener',
      '/api/v1/drain',
      { method: 'POST', body: { listener: 'x' } },
      404,
      /^there is no listener "x"$/,
    ],
    ['invalid percent encoding', '/api/v1/connections/%zz', { method: 'DELETE' }, 400, /percent/],
    ['an unknown log level', '/api/v1/log/level', { method: 'PUT', body: { level: 'loud' } }, 422, /level/],
  ])(
    'an admin request with %s gets its error status and a reason',
    async (_, path, asked, status, sentence) => {
      rig = await Rig.start()
      const client = await rig.join()
      const answer = await rig.ask(path, asked)
      expect(answer.status).toBe(status)
      expect(answer.headers['content-type']).toBe('application/problem+json')
      expect(answer.json).toMatchObject({
        type: 'about:blank',
        status,
        detail: expect.stringMatching(sentence),
      })
      expect(client.socket.destroyed).toBe(false)
      expect(rig.bed.proxy.status()).toMatchObject({ state: 'running', connections: { active: 1 } })
    },
  )

  it('an answer of 405 names the allowed methods, and one of 401 names the Bearer scheme', async () => {
    rig = await Rig.start()
    expect((await rig.ask('/api/v1/reload')).headers.allow).toBe('POST')
    expect((await rig.ask('/metrics', { method: 'PUT' })).headers.allow).toBe('GET, HEAD')
    const { headers } = await rig.ask('/metrics', { headers: { authorization: '' } })
    expect(headers['www-authenticate']).toBe('Bearer')
  })

  it.each(['localhost', 'LOCALHOST:80', '127.0.0.1:9', '127.1.2.3', '[::1]:5', 'millrace.internal:1'])(
    'the admin server accepts the Host %s',
    async (host) => {
      rig = await Rig.start({ hosts: ['millrace.internal'] })
      expect(await rig.ask('/livez', { headers: { host } })).toMatchObject({ status: 200 })
    },
  )

  it('the page and the health paths need no token, and every answer has the security headers', async () => {
    rig = await Rig.start()
    const bare = { headers: { authorization: '' } }
    for (const path of ['/', '/assets/page.js', '/assets/uPlot.esm.js', '/livez', '/readyz', '/metrics']) {
      const { status, headers } = await rig.ask(path, bare)
      expect(status).toBe(path === '/metrics' ? 401 : 200)
      expect(headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'")
      expect(headers['x-content-type-options']).toBe('nosniff')
      expect(headers['cache-control']).toBe('no-store')
      expect(headers).not.toHaveProperty('set-cookie')
    }
  })

  it('the admin server answers HEAD like GET, but without a body', async () => {
    rig = await Rig.start()
    expect(await rig.ask('/metrics', { method: 'HEAD' })).toMatchObject({ status: 200, text: '' })
    expect(await rig.ask('/api/v1/status', { method: 'HEAD' })).toMatchObject({ status: 200, text: '' })
  })

  it('a read-only admin server refuses orders with 403 and answers queries', async () => {
    rig = await Rig.start({ readOnly: true })
    await rig.join()
    expect(await rig.ask(KILL, KILL_ALL)).toMatchObject({ status: 403 })
    expect(await rig.ask('/api/v1/reload', { method: 'POST' })).toMatchObject({ status: 403 })
    expect(await rig.ask('/api/v1/connections')).toMatchObject({ status: 200, json: { matched: 1 } })
  })

  it.each([
    ['with the same name as the Host', 'http://localhost:8080', 'localhost:8080'],
    ['behind a proxy that sends its own name as Host', 'https://Proxy.Example', 'proxy.example'],
    [
      'behind a proxy that sends our address as Host, as nginx does',
      'https://proxy.example',
      '127.0.0.1:9901',
    ],
    ['behind a proxy on another port', 'https://proxy.example:8443', 'localhost'],
    ['behind a proxy that has an address and no name', 'https://10.0.0.9', '10.0.0.9'],
  ])('the admin server accepts an order from a page %s', async (_, origin, host) => {
    rig = await Rig.start({ hosts: ['proxy.example', '10.0.0.9'] })
    await rig.join()
    const headers = { origin, host }
    expect(await rig.ask(KILL, { ...KILL_ALL, headers })).toMatchObject({ json: { killed: 1 } })
  })

  it.each([
    'https://evil.example',
    'http://localhost:3000',
    'null',
    'https://proxy.example.evil.example',
    'file://',
  ])('the admin server refuses an order from a page with the Origin %s', async (origin) => {
    rig = await Rig.start({ hosts: ['proxy.example'] })
    const headers = { origin, host: '127.0.0.1:9901' }
    expect(await rig.ask(KILL, { ...KILL_ALL, headers })).toMatchObject({ status: 403 })
  })
})

describe('an admin server on a unix socket', () => {
  const path = `${folder}/admin.sock`
  const start = () => Rig.start({ address: { kind: 'unix', path }, token: undefined })

  it('an admin socket needs no token, has mode 600, and is removed when the server stops', async () => {
    rig = await start()
    expect(lstatSync(path).mode & 0o777).toBe(0o600)
    expect(await rig.ask('/api/v1/status', { headers: { authorization: '' } })).toMatchObject({ status: 200 })
    await rig.admin.stop()
    expect(existsSync(path)).toBe(false)
  })

  it('the admin server replaces a socket file on which nobody listens', async () => {
    const { Program } = await import('../../support/programs.js')
    const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`
    await new Program(process.execPath, ['-e', script]).exited
    expect(existsSync(path)).toBe(true)
    rig = await start()
    expect(await rig.ask('/livez')).toMatchObject({ status: 200 })
  })

  it('the admin server does not replace a socket file in use or a file that is no socket', async () => {
    rig = await start()
    const second = `${folder}/second.sock`
    const taken = createServer().listen(second)
    await once(taken, 'listening')
    const file = `${folder}/file`
    writeFileSync(file, 'precious')
    const { AdminServer } = await import('../../../src/admin/server.js')
    for (const where of [second, file]) {
      const config = {
        role: 'operate',
        address: { kind: 'unix', path: where },
        token: undefined,
        hosts: [],
        readOnly: false,
      } as const
      const told = new Told(rig.bed.control, () => '')
      const options = { told, config, log: rig.bed.proxy.log }
      await expect(new AdminServer(options).start()).rejects.toMatchObject({ code: 'listen-failed' })
      expect(existsSync(where)).toBe(true)
    }
    taken.close()
  })

  it.each(['x', 'millrace:80', 'localhost'])('it accepts the Host %s', async (host) => {
    rig = await start()
    expect(await rig.ask('/livez', { headers: { host } })).toMatchObject({ status: 200 })
  })

  it.each(['evil.example', 'evil.', '10.0.0.1', '[fd00::1]'])('it refuses the Host %s', async (host) => {
    rig = await start()
    expect(await rig.ask('/livez', { headers: { host } })).toMatchObject({ status: 421 })
  })
})

describe('an admin server with the role observe', () => {
  const observe = { role: 'observe', token: undefined, readOnly: true } as const

  it('it answers health, metrics and the status under any Host without a token', async () => {
    rig = await Rig.start(observe)
    const headers = { host: 'proxy.example', authorization: '' }
    for (const path of ['/livez', '/readyz', '/metrics', '/api/v1/status'])
      expect(await rig.ask(path, { headers })).toMatchObject({ status: 200 })
  })

  it('it shows no address of a client in its status', async () => {
    rig = await Rig.start(observe)
    await rig.bed.control.ban({ client: '192.0.2.7', forMs: 60_000 })
    const { json } = await rig.ask('/api/v1/status')
    expect(json).toMatchObject({ bans: { active: 1 }, topBans: [] })
    expect(JSON.stringify(json)).not.toContain('192.0.2.7')
  })

  it.each([
    '/',
    '/assets/page.js',
    '/openapi.json',
    '/api/v1/connections',
    '/api/v1/bans',
    '/api/v1/log',
    '/nope',
  ])('it answers 404 for %s and says what it has', async (path) => {
    rig = await Rig.start(observe)
    const answer = await rig.ask(path)
    expect(answer).toMatchObject({ status: 404, json: { detail: expect.stringContaining('/metrics') } })
  })

  it('it refuses every order', async () => {
    rig = await Rig.start(observe)
    await rig.join()
    expect(await rig.ask(KILL, KILL_ALL)).toMatchObject({ status: 404 })
    expect(await rig.ask('/api/v1/status', { method: 'POST' })).toMatchObject({ status: 405 })
    expect(rig.bed.proxy.status()).toMatchObject({ connections: { active: 1 } })
  })

  it('metrics and status need the token that the config has', async () => {
    rig = await Rig.start({ ...observe, token: TOKEN })
    const bare = { headers: { authorization: '' } }
    expect(await rig.ask('/livez', bare)).toMatchObject({ status: 200 })
    expect(await rig.ask('/metrics', bare)).toMatchObject({ status: 401 })
    expect(await rig.ask('/metrics')).toMatchObject({ status: 200 })
  })
})
