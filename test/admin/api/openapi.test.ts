/**
 * The document at /openapi.json against the answers of a proxy that has had traffic. Every answer of every operation
 * matches its schema, with workers and without, with the addon and without.
 */
import { request } from 'node:http'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { afterEach, describe, expect, it } from 'vitest'
import { OPERATIONS } from '../../../src/admin/api/operations/operations.js'
import type { ProxyConfig } from '../../../src/config/input.js'
import { Backend } from '../../support/backend.js'
import { temporaryFolder } from '../../support/folder.js'
import { type Millrace, startWith } from '../../support/millrace.js'
import { modes, WITHOUT_NATIVE } from '../../support/modes.js'
import { connectTo, type Peer } from '../../support/peer.js'
import { untilAnswer } from '../../support/wait.js'

interface Answer {
  readonly status: number
  readonly type: string
  readonly text: string
}

interface Described {
  readonly responses: Readonly<
    Record<string, { readonly content: Readonly<Record<string, { schema: object }>> }>
  >
}

interface Document {
  readonly components: object
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>
}

const folder = temporaryFolder()
const socketPath = `${folder}/admin.sock`
let millrace: Millrace
let backend: Backend
let clients: Peer[] = []

afterEach(async () => {
  for (const { socket } of clients) socket.destroy()
  clients = []
  await millrace.program.kill()
  await backend.close()
})

function ask(method: string, path: string, body?: object): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { host: 'localhost', 'content-type': 'application/json' }
    const sent = request({ socketPath, path, method, agent: false, headers }, async (response) => {
      const text = Buffer.concat(await response.toArray()).toString()
      resolve({ status: response.statusCode!, type: response.headers['content-type']!, text })
    })
    sent.on('error', reject)
    sent.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

/** Checks answers against the document, and notes which operations and statuses it has checked. */
class Judge {
  readonly seen = new Set<string>()
  readonly #document: Document
  readonly #compiled = new Map<object, ValidateFunction>()
  readonly #ajv = addFormats.default(new Ajv2020({ strict: true, allErrors: true, strictTypes: false }))

  constructor(document: Document) {
    this.#document = document
    this.#ajv.addKeyword('components')
  }

  /** `pattern` is the path as the document writes it. */
  async ask(method: string, pattern: string, path = pattern, body?: object): Promise<unknown> {
    const answer = await ask(method, path, body)
    const response = this.#document.paths[pattern]![method.toLowerCase()]!.responses[answer.status]
    expect(response, `${method} ${path} answers ${answer.status}: ${answer.text}`).toBeDefined()
    expect(Object.keys(response!.content)).toContain(answer.type)
    const isJson = answer.type.includes('json')
    const value: unknown = isJson ? JSON.parse(answer.text) : answer.text
    const validate = this.#compile(response!.content[answer.type]!.schema)
    expect(validate(value), `${method} ${path}: ${this.#ajv.errorsText(validate.errors)}`).toBe(true)
    this.seen.add(`${method} ${pattern} ${answer.status}`)
    return value
  }

  #compile(schema: object): ValidateFunction {
    const known = this.#compiled.get(schema)
    if (known !== undefined) return known
    const compiled = this.#ajv.compile({ ...schema, components: this.#document.components })
    this.#compiled.set(schema, compiled)
    return compiled
  }
}

const config = (workers: number): ProxyConfig => ({
  workers,
  listeners: [
    {
      name: 'front',
      address: '127.0.0.1:0',
      cluster: 'back',
      limits: { perSource: { maxConnections: 1000 } },
    },
    { name: 'dead', address: '127.0.0.1:0', cluster: 'nobody' },
    { name: 'named', address: '127.0.0.1:0', routes: [{ sni: 'a.example', cluster: 'back' }] },
  ],
  clusters: {
    back: { backends: [backend.address], health: { failback: 'manual' } },
    nobody: { backends: ['127.0.0.1:1', 'no-such-host.invalid:80'] },
  },
  admin: `unix:${socketPath}`,
})

async function join(port: number, bytes = 5): Promise<Peer> {
  const client = await connectTo({ kind: 'tcp', host: '127.0.0.1', port })
  clients.push(client)
  client.send(Buffer.alloc(bytes))
  await client.receive(bytes)
  return client
}

/** Connects a client that the proxy refuses. A reset may arrive before the client knows that it is connected. */
async function turnedAway(port: number): Promise<void> {
  try {
    const client = await connectTo({ kind: 'tcp', host: '127.0.0.1', port })
    client.send(Buffer.from('no hello'))
    await client.closed
  } catch {}
}

/** Makes connections of every kind: large and small, ended and open, without a backend, without a route, and reset. */
async function run(ports: Readonly<Record<string, number>>): Promise<void> {
  const ended = await join(ports.front!, 300_000)
  ended.end()
  const broken = await join(ports.front!)
  broken.socket.resetAndDestroy()
  await join(ports.front!)
  for (const name of ['dead', 'named']) {
    await turnedAway(ports[name]!)
  }
  await millrace.records(4)
}

const WAYS = [modes()[0]!, WITHOUT_NATIVE].flatMap((mode) => [
  { ...mode, workers: 1 },
  { ...mode, workers: 2 },
])

describe.each(WAYS)('the OpenAPI document ($name, workers: $workers)', (mode) => {
  it('every answer of the admin API matches its schema in /openapi.json', async () => {
    backend = (await Backend.listen()).echo()
    const started = await startWith(folder, config(mode.workers), mode)
    millrace = started.millrace
    await millrace.logged(({ msg }) => msg.startsWith('admin on'))
    await run(started.ports)

    const judge = new Judge(JSON.parse((await ask('GET', '/openapi.json')).text) as Document)
    const backendPath = '/api/v1/clusters/{cluster}/backends/{backend}'
    const backendAt = (name: string) => `/api/v1/clusters/back/backends/${encodeURIComponent(name)}`
    const status = await judge.ask('GET', '/api/v1/status')
    // An older document had this field in another place.
    expect(status).toHaveProperty('eventLoopDelaySeconds.counts')
    for (const path of [
      '/api/v1/history',
      '/api/v1/listeners',
      '/api/v1/clusters',
      '/api/v1/connections',
      '/api/v1/log',
    ]) {
      await judge.ask('GET', path)
    }
    for (const path of ['/metrics', '/livez', '/readyz', '/openapi.json']) await judge.ask('GET', path)
    await judge.ask('GET', '/api/v1/clusters/{cluster}/backends', '/api/v1/clusters/back/backends')
    await judge.ask('GET', '/api/v1/clusters/{cluster}/backends', '/api/v1/clusters/x/backends')
    await judge.ask('PATCH', backendPath, backendAt(backend.address), { state: 'up', weight: 2 })
    await judge.ask('PATCH', backendPath, backendAt('x:1'), { state: 'up' })
    await judge.ask('PATCH', backendPath, backendAt(backend.address), { state: 'sideways' })
    for (const scope of ['listener/front', 'cluster/x'])
      await judge.ask('GET', '/api/v1/sources', `/api/v1/sources?limit=2&scope=${scope}`)
    const failback = '/api/v1/clusters/{cluster}/failback'
    for (const name of ['back', 'nobody', 'x'])
      await judge.ask('POST', failback, failback.replace('{cluster}', name))
    const added = { do: 'add-backend', cluster: 'back', spec: { address: '127.0.0.1:2', weight: 0 } }
    const lost = { do: 'remove-backend', cluster: 'back', backend: '127.0.0.1:3' }
    for (const change of [
      added,
      lost,
      { ...added, spec: { address: 'a b' } },
      { ...added, spec: '127.0.0.1:2' },
    ])
      await judge.ask('POST', '/api/v1/changes', '/api/v1/changes', { changes: [change] })
    const listener = '/api/v1/listeners/{listener}'
    for (const [name, state] of [
      ['named', 'drain'],
      ['named', 'up'],
      ['x', 'up'],
      ['named', 'down'],
    ])
      await judge.ask('PATCH', listener, listener.replace('{listener}', name!), { state })
    expect(await judge.ask('GET', '/api/v1/diff')).toMatchObject({ changes: [{ change: added }] })
    const ban = { client: '192.0.2.1', forMs: 60_000, end: true }
    for (const order of [ban, { ...ban, client: '0.0.0.0/0' }])
      await judge.ask('POST', '/api/v1/bans', '/api/v1/bans', order)
    for (const path of ['/api/v1/bans', '/api/v1/status']) await judge.ask('GET', path)
    for (const order of [{ client: ban.client }, { client: ban.client }, {}])
      await judge.ask('POST', '/api/v1/bans/lift', '/api/v1/bans/lift', order)
    const hold = '/api/v1/clusters/{cluster}/hold'
    for (const name of ['nobody', 'x'])
      await judge.ask('POST', hold, hold.replace('{cluster}', name), { maxMs: 1000, end: true })
    await judge.ask('POST', hold, hold.replace('{cluster}', 'nobody'), { maxMs: 0 })
    const release = '/api/v1/clusters/{cluster}/release'
    for (const name of ['nobody', 'nobody', 'x'])
      await judge.ask('POST', release, release.replace('{cluster}', name))
    await judge.ask('PUT', '/api/v1/log/level', '/api/v1/log/level', { level: 'debug' })
    await judge.ask('POST', '/api/v1/log/reopen')
    await judge.ask('POST', '/api/v1/reload')

    const list = (await judge.ask('GET', '/api/v1/connections')) as { connections: { id: string }[] }
    const limit = '/api/v1/connections/{id}/limit'
    for (const id of [list.connections[0]!.id, 'x'])
      await judge.ask('PUT', limit, limit.replace('{id}', id), { down: 1_048_576 })
    await judge.ask('DELETE', '/api/v1/connections/{id}', `/api/v1/connections/${list.connections[0]!.id}`)
    await judge.ask('DELETE', '/api/v1/connections/{id}', '/api/v1/connections/x')
    await judge.ask('POST', '/api/v1/connections/kill', '/api/v1/connections/kill', { listener: 'front' })

    const last = await join(started.ports.front!)
    const order = { listener: 'front', deadlineMs: 60_000, spreadMs: 0 }
    const drained = judge.ask('POST', '/api/v1/drain', '/api/v1/drain', order)
    await untilAnswer(
      () => judge.ask('GET', '/api/v1/status'),
      (status) => (status as { drains: readonly object[] }).drains.length > 0,
    )
    await judge.ask('GET', '/readyz')
    last.socket.destroy()
    await drained
    // test/upgrade upgrades, and reads the answer.
    const asked = OPERATIONS.filter(({ path }) => path !== '/api/v1/upgrade')
    const good = asked.map(({ method, path }) => `${method} ${path} 200`)
    expect([...judge.seen]).toEqual(expect.arrayContaining(good))
  })
})
