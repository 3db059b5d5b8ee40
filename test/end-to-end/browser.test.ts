/** A real browser, headless: its page opens WebSockets through millrace, plain and over TLS, and reports the result. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocketServer } from 'ws'
import { selfSigned } from '../support/certificate.js'
import { temporaryFolder } from '../support/folder.js'
import { type Millrace, startWith } from '../support/millrace.js'
import { modes, WITHOUT_NATIVE } from '../support/modes.js'
import { areMissing, Program } from '../support/programs.js'

const MEGABYTES = 100
const MODES = [...new Set([modes()[0]!, WITHOUT_NATIVE])]

/** A page that sends a megabyte at a time, expects each back, closes with code 4000, and reports. */
const page = (url: string): string => `<!doctype html><script>
const socket = new WebSocket(${JSON.stringify(url)})
socket.binaryType = 'arraybuffer'
const chunk = new Uint8Array(1e6)
for (let i = 0; i < chunk.length; i += 65536) crypto.getRandomValues(chunk.subarray(i, i + 65536))
let came = 0, wrong = 0
const report = (outcome) => fetch('/report', { method: 'POST', body: JSON.stringify(outcome) })
socket.onopen = () => socket.send(chunk)
socket.onmessage = ({ data }) => {
  const bytes = new Uint8Array(data)
  for (let i = 0; i < chunk.length; i += 997) if (bytes[i] !== chunk[i]) wrong++
  if (bytes.length !== chunk.length) wrong++
  if (++came === ${MEGABYTES}) socket.close(4000, 'done')
  else socket.send(chunk)
}
socket.onclose = ({ code, reason, wasClean }) => report({ came, wrong, code, reason, wasClean })
</script>`

describe.skipIf(areMissing('chromium', 'openssl')).each(MODES)('Chromium, $name', (mode) => {
  const folder = temporaryFolder()
  let sockets: WebSocketServer
  let site: Server
  let millrace: Millrace
  let urls: Record<string, string>
  let reported: (outcome: unknown) => void

  beforeAll(async () => {
    const pair = await selfSigned(folder)
    sockets = new WebSocketServer({ host: '127.0.0.1', port: 0 })
    await once(sockets, 'listening')
    sockets.on('connection', (socket) => {
      socket.on('message', (message, isBinary) => socket.send(message, { binary: isBinary }))
    })
    site = createServer(async (request, response) => {
      if (request.method === 'POST') {
        const chunks: Buffer[] = []
        for await (const chunk of request) chunks.push(chunk as Buffer)
        reported(JSON.parse(Buffer.concat(chunks).toString()))
      }
      response.setHeader('Content-Type', 'text/html')
      response.end(page(urls[request.url!.slice(1)] ?? ''))
    }).listen(0, '127.0.0.1')
    await once(site, 'listening')
    const cluster = { backends: [`127.0.0.1:${(sockets.address() as AddressInfo).port}`] }
    const config = {
      listeners: [
        { name: 'ws', address: '127.0.0.1:0', protocol: 'http', cluster: 'back' },
        { name: 'wss', address: '127.0.0.1:0', protocol: 'http', cluster: 'back', tls: pair },
      ],
      clusters: { back: cluster },
    } as const
    const started = await startWith(folder, config, mode)
    millrace = started.millrace
    urls = { ws: `ws://127.0.0.1:${started.ports.ws}/`, wss: `wss://localhost:${started.ports.wss}/` }
  })
  afterAll(() => {
    for (const socket of sockets.clients) socket.terminate()
    sockets.close()
    site.close()
    site.closeAllConnections()
  })

  it.each(['ws', 'wss'])(
    `Chromium exchanges ${MEGABYTES} MB each way over %s`,
    { timeout: 120_000 },
    async (scheme) => {
      const outcome = new Promise((resolve) => {
        reported = resolve
      })
      const profile = join(folder, `profile-${scheme}-${randomBytes(4).toString('hex')}`)
      const quiet = [
        '--no-first-run',
        '--disable-gpu',
        '--disable-dev-shm-usage',
        '--disable-background-networking',
      ]
      const browser = new Program('chromium', [
        ...[
          '--headless',
          '--no-sandbox',
          ...quiet,
          '--ignore-certificate-errors',
          `--user-data-dir=${profile}`,
        ],
        ...[
          '--remote-debugging-port=0',
          `http://127.0.0.1:${(site.address() as AddressInfo).port}/${scheme}`,
        ],
      ])
      expect(await outcome).toEqual({ came: MEGABYTES, wrong: 0, code: 4000, reason: 'done', wasClean: true })
      // A browser may open more connections than it needs.
      const record = await millrace.logged((line) => line.protocol === scheme.toUpperCase())
      expect(record.http).toMatchObject({ status: 101 })
      expect(record.bytesUp).toBeGreaterThan(MEGABYTES * 1e6)
      if (scheme === 'ws' && mode.native !== 'off') expect(record.splicedDown).toBeGreaterThan(0)
      await browser.kill()
    },
  )
})
