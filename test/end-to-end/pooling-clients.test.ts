/**
 * Clients that keep connections for their next request, and a backend that promises to keep its own open. Every request
 * is answered, because every answer says that its connection closes.
 */
import { once } from 'node:events'
import { Agent, createServer, get, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../support/folder.js'
import { type Millrace, startWith } from '../support/millrace.js'
import { modes } from '../support/modes.js'
import { areMissing, run } from '../support/programs.js'

const REQUESTS = 20
const PYTHON = `
import http.client, sys
connection = http.client.HTTPConnection('127.0.0.1', int(sys.argv[1]))
for i in range(int(sys.argv[2])):
    connection.request('GET', '/%d' % i)
    response = connection.getresponse()
    print(response.status, response.read().decode())
`
const engines = modes().filter(({ splice }) => splice === 'auto')

describe.each(engines)('clients that keep connections, $name', (mode) => {
  const folder = temporaryFolder()
  const backend = createServer((request, response) => {
    response.setHeader('Connection', 'keep-alive')
    response.end(request.url)
  })
  let millrace: Millrace
  let port: number

  beforeAll(async () => {
    backend.listen(0, '127.0.0.1')
    await once(backend, 'listening')
    const config = {
      listeners: [
        { name: 'web', address: '127.0.0.1:0', protocol: 'http', http: 'forward', cluster: 'back' },
      ],
      clusters: { back: { backends: [`127.0.0.1:${(backend.address() as AddressInfo).port}`] } },
    } as const
    const started = await startWith(folder, config, mode)
    millrace = started.millrace
    port = started.ports.web!
  })
  afterAll(() => {
    backend.close()
    backend.closeAllConnections()
  })

  it('a keepAlive http.Agent of Node gets an answer to every request', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    for (let i = 0; i < REQUESTS; i++) {
      const [response] = (await once(get({ port, agent, path: `/${i}` }), 'response')) as [IncomingMessage]
      expect(response.headers.connection).toBe('close')
      expect(await text(response)).toBe(`/${i}`)
    }
    agent.destroy()
    expect(await millrace.records(REQUESTS)).toHaveLength(REQUESTS)
  })

  it.skipIf(areMissing('python3'))('http.client of Python gets an answer to every request', async () => {
    const { stdout, stderr } = await run('python3', ['-c', PYTHON, String(port), String(REQUESTS)])
    expect(stderr).toBe('')
    expect(stdout).toBe(Array.from({ length: REQUESTS }, (_, i) => `200 /${i}\n`).join(''))
  })
})
