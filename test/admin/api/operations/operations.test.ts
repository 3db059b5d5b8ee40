/** Every operation of the admin API: what it does, what it answers, and what the OpenAPI document says of it. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { OPERATIONS } from '../../../../src/admin/api/operations/operations.js'
import { Rig } from '../../rig.js'

let rig: Rig
beforeEach(async () => {
  rig = await Rig.start()
})
afterEach(() => rig.end())

/** Paths that do not answer with a JSON object of the API. */
const PLAIN = ['/api/v1/events', '/metrics', '/livez', '/readyz', '/openapi.json']

const post = (body: object = {}) => ({ method: 'POST', body })

/** Checks an answer against its schema in the table of operations. */
function checkAnswer(method: string, pattern: string, answer: unknown): void {
  const operation = OPERATIONS.find((each) => each.method === method && each.path === pattern)
  expect(() => operation!.answer.parse(answer)).not.toThrow()
}

describe('queries to the admin API', () => {
  it.each(['status', 'listeners', 'clusters', 'clusters/back/backends', 'connections'])(
    'GET /api/v1/%s answers exactly with the fields of its schema',
    async (name) => {
      await rig.join()
      const { status, json } = await rig.ask(`/api/v1/${name}`)
      expect(status).toBe(200)
      checkAnswer('GET', `/api/v1/${name.replace('back/', '{cluster}/')}`, json)
    },
  )

  it('the status counts a connection while it is open', async () => {
    await rig.join()
    const { json } = await rig.ask('/api/v1/status')
    expect(json).toMatchObject({
      state: 'running',
      connections: { active: 1, bytesUp: 5, bytesDown: 5 },
      listeners: [{ name: 'front', active: 1, accepted: 1 }],
      clusters: [{ name: 'back', backends: [{ address: rig.backend.address, active: 1 }] }],
    })
  })

  it('the list of connections has only those that match the query', async () => {
    await rig.join()
    await rig.join()
    const list = async (query: string) => (await rig.ask(`/api/v1/connections?${query}`)).json
    const all = (await list('')) as { connections: { id: string }[] }
    expect(all.connections).toHaveLength(2)
    const [{ id }] = all.connections as [{ id: string }]
    expect(await list(`id=${id}`)).toMatchObject({ matched: 1, connections: [{ id }] })
    expect(await list('client=10.0.0.0/8')).toEqual({ matched: 0, connections: [] })
    expect(await list('limit=1&sort=age')).toMatchObject({ matched: 2, connections: [{}] })
    expect(await list('olderThanMs=100000000')).toMatchObject({ matched: 0 })
  })

  it('a query or an order with an unknown name gets 404 and the most similar name', async () => {
    const wrong = async (path: string, asked = {}) => {
      const { status, json } = await rig.ask(path, asked)
      return `${status} ${json.detail}`
    }
    await rig.join()
    const list = '/api/v1/connections'
    expect(await wrong(`${list}?listener=frnt`)).toBe(
      '404 there is no listener "frnt"; did you mean "front"?',
    )
    expect(await wrong(`${list}?cluster=bac`)).toBe('404 there is no cluster "bac"; did you mean "back"?')
    expect(await wrong(`${list}?backend=x:1`)).toBe('404 there is no backend "x:1"')
    expect(await wrong(`${list}?id=01ARZ`)).toBe('404 there is no connection "01ARZ"')
    const kill = (body: object) => wrong(`${list}/kill`, post(body))
    expect(await kill({ listener: 'frnt' })).toMatch(/^404 .*"front"\?$/)
    expect(await kill({ ids: ['01ARZ'] })).toBe('404 there is no connection "01ARZ"')
    expect(await kill({ all: true, listener: 'front' })).toMatch(/^422 .*alone/)
    expect(await wrong('/api/v1/drain', post({ listener: 'frnt' }))).toMatch(/^404 .*"front"\?$/)
    expect(await wrong('/api/v1/drain', post({ listener: 'front', all: true }))).toMatch(/^422 .*alone/)
    expect((await rig.ask(list)).json).toMatchObject({ matched: 1 })
  })

  it('GET /api/v1/log answers with the level of the log', async () => {
    const { json } = await rig.ask('/api/v1/log')
    checkAnswer('GET', '/api/v1/log', json)
    expect(json).toEqual({ level: 'info' })
  })

  it('/readyz answers 503 once the last listener is drained, while /livez answers 200', async () => {
    const listeners = ['front', 'other'].map((name) => ({ name, address: '127.0.0.1:0', cluster: 'back' }))
    await rig.bed.reload({ listeners })
    expect(await rig.ask('/livez')).toMatchObject({ status: 200, text: 'ok\n' })
    await rig.bed.proxy.drain({ listener: 'front' })
    expect(await rig.ask('/readyz')).toMatchObject({ status: 200, text: 'ready\n' })
    await rig.bed.proxy.drain({ listener: 'other' })
    expect(await rig.ask('/readyz')).toMatchObject({ status: 503, text: 'no listener listens\n' })
    expect(await rig.ask('/livez')).toMatchObject({ status: 200 })
  })

  it('/readyz answers 200 during and after the drain of a backend and of its cluster', async () => {
    const client = await rig.join()
    const { name, backends } = rig.bed.proxy.status().clusters[0]!
    const ready = async () => expect(await rig.ask('/readyz')).toMatchObject({ status: 200, text: 'ready\n' })
    await rig.bed.control.changeBackend(name, backends[0]!.address, { state: 'maint' })
    await ready()
    const drained = rig.bed.proxy.drain({ cluster: name })
    await ready()
    client.end()
    await drained
    await ready()
  })

  it('/readyz answers 200 while a listener that a reload removed still has connections', async () => {
    await rig.join()
    const listeners = [{ name: 'other', address: '127.0.0.1:0', cluster: 'back' }]
    await rig.bed.reload({ listeners, timeouts: { drainMs: 0 } })
    const answer = await rig.ask('/api/v1/listeners')
    expect(answer.json).toMatchObject({
      listeners: [
        { name: 'other', isListening: true, isLeaving: false },
        { name: 'front', isListening: false, isLeaving: true, active: 1 },
      ],
    })
    expect(await rig.ask('/readyz')).toMatchObject({ status: 200, text: 'ready\n' })
  })

  it('/readyz answers 503 as soon as a drain of everything begins', async () => {
    const client = await rig.join()
    const drained = rig.bed.proxy.drain()
    expect(await rig.ask('/readyz')).toMatchObject({ status: 503, text: 'draining\n' })
    client.end()
    await drained
  })
})

describe('orders to the admin API', () => {
  it('a DELETE of a connection resets its client, and a second DELETE gets 404', async () => {
    const client = await rig.join()
    const { json } = await rig.ask('/api/v1/connections')
    const [{ id }] = json.connections as [{ id: string }]
    const killed = await rig.ask(`/api/v1/connections/${id}`, { method: 'DELETE' })
    checkAnswer('DELETE', '/api/v1/connections/{id}', killed.json)
    expect(await client.ended).toBe('ECONNRESET')
    expect(await rig.ask(`/api/v1/connections/${id}`, { method: 'DELETE' })).toMatchObject({ status: 404 })
  })

  it('a PUT limits one connection, the list of connections shows its rate, and an unknown id gets 404', async () => {
    await rig.join()
    const { json } = await rig.ask('/api/v1/connections')
    const [{ id }] = json.connections as [{ id: string }]
    const limit = { method: 'PUT', body: { down: 2_097_152 } }
    const answer = await rig.ask(`/api/v1/connections/${id}/limit`, limit)
    checkAnswer('PUT', '/api/v1/connections/{id}/limit', answer.json)
    expect(answer.json).toEqual({ id })
    const listed = (await rig.ask('/api/v1/connections')).json.connections as [object]
    expect(listed[0]).toMatchObject({ down: { mostBytesPerSecond: 2_097_152 } })
    expect(await rig.ask('/api/v1/connections/none/limit', limit)).toMatchObject({ status: 404 })
    expect(await rig.ask(`/api/v1/connections/${id}/limit`, { method: 'PUT', body: {} })).toMatchObject({
      status: 422,
    })
  })

  it('a kill order resets the clients that match, or all of them', async () => {
    const clients = [await rig.join(), await rig.join()]
    expect(await rig.ask('/api/v1/connections/kill', post({ client: '10.0.0.0/8' }))).toMatchObject({
      json: { killed: 0 },
    })
    const { json } = await rig.ask('/api/v1/connections/kill', post({ all: true }))
    checkAnswer('POST', '/api/v1/connections/kill', json)
    expect(json).toEqual({ killed: 2 })
    expect(await Promise.all(clients.map(({ ended }) => ended))).toEqual(['ECONNRESET', 'ECONNRESET'])
  })

  it('every order writes one line to the log, and a query writes none', async () => {
    await rig.join()
    const path = `/api/v1/clusters/back/backends/${encodeURIComponent(rig.backend.address)}`
    await rig.ask(path, { method: 'PATCH', body: { weight: 3 } })
    await rig.ask('/api/v1/log/level', { method: 'PUT', body: { level: 'warn' } })
    await rig.ask('/api/v1/connections/kill', post({ client: '127.0.0.1' }))
    await rig.ask('/api/v1/connections')
    await rig.ask('/api/v1/drain', post({ listener: 'front', deadlineMs: 5 }))
    const trail = rig.bed.logged.filter(
      ({ message }) => !/^(connection$|listening|copying|admin)/.test(message),
    )
    expect(trail).toMatchObject([
      {
        level: 'info',
        message: 'a backend was changed',
        cluster: 'back',
        backend: rig.backend.address,
        weight: 3,
      },
      { level: 'info', message: 'the log level is changed', logLevel: 'warn' },
      { level: 'info', message: 'connections were killed', client: '127.0.0.1', killed: 1 },
      { level: 'info', message: 'draining', listener: 'front' },
      { level: 'info', message: 'drained', listener: 'front' },
    ])
  })

  it('the answer after an order shows what the order changed', async () => {
    await rig.join()
    const path = `/api/v1/clusters/back/backends/${encodeURIComponent(rig.backend.address)}`
    for (const weight of [2, 3, 4]) {
      await rig.ask(path, { method: 'PATCH', body: { weight } })
      expect((await rig.ask('/api/v1/clusters')).json).toMatchObject({
        clusters: [{ backends: [{ weight }] }],
      })
    }
    expect((await rig.ask('/api/v1/connections')).json).toMatchObject({ matched: 1 })
    await rig.ask('/api/v1/connections/kill', post({ all: true }))
    expect((await rig.ask('/api/v1/connections')).json).toMatchObject({ matched: 0 })
  })

  it('a drain order with a deadline is answered when the drain is over', async () => {
    const client = await rig.join()
    const { json } = await rig.ask('/api/v1/drain', post({ listener: 'front', deadlineMs: 20 }))
    checkAnswer('POST', '/api/v1/drain', json)
    expect(json).toEqual({ finished: 0, closed: 1, cut: 0 })
    expect(await client.ended).toBe('fin')
  })

  it('a PATCH of a backend drains it, brings it up again and sets its weight', async () => {
    const path = `/api/v1/clusters/back/backends/${encodeURIComponent(rig.backend.address)}`
    const change = (body: object) => rig.ask(path, { method: 'PATCH', body })
    const { json } = await change({ state: 'drain', weight: 7 })
    checkAnswer('PATCH', '/api/v1/clusters/{cluster}/backends/{backend}', json)
    expect(json).toMatchObject({ setTo: 'drain', weight: 7 })
    expect(await rig.bed.turnedAway()).toBe('ECONNRESET')
    expect((await change({ state: 'up' })).json).toMatchObject({ setTo: 'up', weight: 7 })
    await rig.join()
  })

  it('the admin API changes the log level and reopens the log', async () => {
    const { json } = await rig.ask('/api/v1/log/level', { method: 'PUT', body: { level: 'debug' } })
    checkAnswer('PUT', '/api/v1/log/level', json)
    expect((await rig.ask('/api/v1/status')).json).toMatchObject({ logLevel: 'debug' })
    expect(await rig.ask('/api/v1/log/reopen', { method: 'POST' })).toMatchObject({ status: 200, json: {} })
  })
})

describe('the OpenAPI document', () => {
  it('the OpenAPI document has every operation and no other, each with its parameters and its answer', async () => {
    const { json } = await rig.ask('/openapi.json')
    expect(json.openapi).toBe('3.1.0')
    const paths = json.paths as Record<string, Record<string, Record<string, unknown>>>
    const told = Object.entries(paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
    )
    const table = OPERATIONS.map(({ method, path }) => `${method} ${path}`)
    expect(told.sort()).toEqual([...table, ...PLAIN.map((path) => `GET ${path}`)].sort())
    const ids = Object.values(paths).flatMap((item) =>
      Object.values(item).map(({ operationId }) => operationId),
    )
    expect(new Set(ids).size).toBe(ids.length)
    for (const { method, path, body, query } of OPERATIONS) {
      const { parameters, requestBody, responses } = paths[path]![method.toLowerCase()]!
      const names = (parameters as { name: string; in: string }[]).filter((each) => each.in === 'path')
      expect(names.map(({ name }) => `{${name}}`)).toEqual(path.match(/\{\w+\}/g) ?? [])
      expect((parameters as object[]).length > names.length).toBe(query !== undefined)
      expect(requestBody !== undefined).toBe(body !== undefined)
      expect(responses).toHaveProperty(['200', 'content', 'application/json', 'schema', 'type'], 'object')
    }
  })

  it('the OpenAPI document has the content type of each plain path, and says which paths need no token', async () => {
    const { json } = await rig.ask('/openapi.json')
    const paths = json.paths as Record<string, { get: { responses: object; security?: [] } }>
    for (const path of PLAIN) {
      const { responses, security } = paths[path]!.get
      const { status, headers } = await rig.ask(path, path.endsWith('events') ? { method: 'HEAD' } : {})
      expect(responses).toHaveProperty([String(status), 'content', headers['content-type']!])
      const bare = await rig.ask(path, { method: 'HEAD', headers: { authorization: '' } })
      expect(bare.status).toBe(security === undefined ? 401 : 200)
    }
  })

  it('the OpenAPI document gives numeric query parameters as integers, and lists every error status', async () => {
    const { json } = await rig.ask('/openapi.json')
    const paths = json.paths as Record<string, Record<string, Record<string, object>>>
    const { parameters } = paths['/api/v1/connections']!.get as {
      parameters: { name: string; schema: object }[]
    }
    for (const figure of ['limit', 'idleForMs', 'olderThanMs']) {
      expect(parameters.find(({ name }) => name === figure)!.schema).toMatchObject({
        type: 'integer',
        minimum: expect.any(Number),
      })
    }
    const statuses = (path: string, method: string) => Object.keys(paths[path]![method]!.responses!)
    const list = ['200', '400', '401', '404', '421', '422', 'default']
    expect(statuses('/api/v1/connections', 'get')).toEqual(list)
    expect(statuses('/api/v1/reload', 'post')).toEqual([
      '200',
      '400',
      '401',
      '403',
      '409',
      '421',
      '422',
      'default',
    ])
    expect(statuses('/api/v1/connections/kill', 'post')).toEqual(
      expect.arrayContaining(['403', '404', '413', '415']),
    )
    expect(statuses('/api/v1/drain', 'post')).toContain('404')
  })
})
