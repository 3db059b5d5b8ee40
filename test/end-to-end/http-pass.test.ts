/** `http: pass` of the built command: curl and WebSocket clients in front, nginx and a WebSocket server behind. */
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { selfSigned } from '../support/certificate.js'
import { temporaryFolder } from '../support/folder.js'
import { type Millrace, startWith } from '../support/millrace.js'
import { expectBulk, modes, splicedShare } from '../support/modes.js'
import { runNginx } from '../support/nginx.js'
import { areMissing, freePort, run } from '../support/programs.js'
import type { AccessRecord } from '../support/record-fields.js'

const BYTES = 8_000_000
const MESSAGE_BYTES = 1_000_000

describe.skipIf(areMissing('nginx', 'openssl', 'curl'))('http: pass', () => {
  const folder = temporaryFolder()
  let server: WebSocketServer
  let pair: { cert: string; key: string }
  let nginx: { plain: number; proxied: number }

  beforeAll(async () => {
    pair = await selfSigned(folder)
    writeFileSync(join(folder, 'file'), Buffer.alloc(BYTES, 'file'))
    nginx = { plain: await freePort(), proxied: await freePort() }
    // It serves one host, and refuses the others, as docs/routing.md advises.
    const sites = [
      `server { listen 127.0.0.1:${nginx.plain} default_server; return 421; }`,
      `server { listen 127.0.0.1:${nginx.plain}; server_name a.test; client_max_body_size 0;
         location / { root ${folder}; }
         location /seen { return 200 "$connection_requests $http_x_forwarded_for"; }
         location /taken { proxy_pass http://127.0.0.1:${nginx.plain}/taker; proxy_set_header Host a.test; }
         location /taker { return 200 "$content_length"; } }`,
      `server { listen 127.0.0.1:${nginx.proxied} proxy_protocol; return 200 "$proxy_protocol_addr $http_host"; }`,
    ]
    await runNginx(folder, { http: sites.join('\n') }, [nginx.plain, nginx.proxied])
    server = new WebSocketServer({ host: '127.0.0.1', port: 0, maxPayload: 2 * MESSAGE_BYTES })
    await once(server, 'listening')
    server.on('connection', (socket) => {
      socket.on('error', () => {})
      socket.on('message', (message, isBinary) => socket.send(message, { binary: isBinary }))
    })
  })
  afterAll(() => {
    for (const socket of server.clients) socket.terminate()
    server.close()
  })

  describe.each(modes())('$name', (mode) => {
    let millrace: Millrace
    let ports: Readonly<Record<string, number>>

    beforeAll(async () => {
      const front = {
        address: '127.0.0.1:0',
        protocol: 'http',
        http: 'pass',
        routes: [
          { host: 'a.test', cluster: 'files' },
          { host: '*.proxied.test', cluster: 'proxied' },
          { host: ['ws.test', 'localhost'], cluster: 'ws' },
          { host: 'nobody.test', cluster: 'nobody' },
        ],
      } as const
      const clusters = {
        files: { backends: [`127.0.0.1:${nginx.plain}`] },
        proxied: { backends: [`127.0.0.1:${nginx.proxied}`], sendProxy: 'v2' },
        ws: { backends: [`127.0.0.1:${(server.address() as AddressInfo).port}`] },
        nobody: { backends: [`127.0.0.1:${await freePort()}`] },
      } as const
      const listeners = [
        { name: 'plain', ...front },
        { name: 'ends', ...front, tls: pair },
      ]
      ;({ millrace, ports } = await startWith(folder, { listeners, clusters }, mode))
    })

    const urlOf = (listener: string, host: string, path = '/'): string =>
      `${listener === 'ends' ? 'https' : 'http'}://${host}:${ports[listener]}${path}`
    const curl = (listener: string, host: string, ...args: string[]) =>
      run('curl', ['-sS', '-k', '--resolve', `${host}:${ports[listener]}:127.0.0.1`, ...args])
    const recordOf = async (
      listener: string,
      isIt: (record: AccessRecord) => boolean,
    ): Promise<AccessRecord> => {
      const found = await millrace.logged(
        (line) =>
          line.msg === 'connection' && line.listener === listener && isIt(line as unknown as AccessRecord),
      )
      return found as unknown as AccessRecord
    }

    describe.each(['plain', 'ends'])('listener %s', (listener) => {
      it('curl sends three requests on one connection, and nginx gets each of them unchanged', async () => {
        const url = urlOf(listener, 'a.test', '/seen')
        const field = ['-H', 'X-Forwarded-For: 192.0.2.9']
        const { stdout } = await curl(listener, 'a.test', ...field, '-w', ' %{num_connects}\n', url, url, url)
        expect(stdout).toBe('1 192.0.2.9 1\n2 192.0.2.9 0\n3 192.0.2.9 0\n')
        const record = await recordOf(listener, ({ http }) => http?.path === '/seen')
        expect(record).toMatchObject({
          protocol: listener === 'ends' ? 'HTTPS' : 'HTTP',
          cluster: 'files',
          http: { method: 'GET', authority: `a.test:${ports[listener]}` },
          ended: { cause: 'finished' },
        })
      })

      it('a second request for another host reaches the same backend, which refuses it', async () => {
        const first = urlOf(listener, 'a.test', '/seen')
        const other = [
          '-H',
          `Host: ws.test:${ports[listener]}`,
          '-o',
          '/dev/null',
          '-w',
          '%{http_code} %{num_connects}',
        ]
        const { stdout } = await curl(listener, 'a.test', first, '--next', '-sS', '-k', ...other, first)
        expect(stdout).toBe('1 421 0')
      })

      it('nginx behind sendProxy learns the client of a request that passes', async () => {
        const { stdout } = await curl(listener, 'x.proxied.test', urlOf(listener, 'x.proxied.test'))
        expect(stdout).toBe(`127.0.0.1 x.proxied.test:${ports[listener]}`)
      })

      it('curl uploads and downloads 8 MB on one connection', async () => {
        const received = join(folder, 'received')
        const { stdout, stderr } = await curl(
          listener,
          'a.test',
          ...['-T', join(folder, 'file'), urlOf(listener, 'a.test', '/taken'), '--next', '-sS', '-k'],
          ...['-o', received, '-w', ' %{num_connects}', urlOf(listener, 'a.test', '/file')],
        )
        expect([stderr, stdout]).toEqual(['', `${BYTES} 0`])
        expect(readFileSync(received).equals(readFileSync(join(folder, 'file')))).toBe(true)
        const record = await recordOf(listener, ({ http }) => http?.path === '/taken')
        expect(record.bytesUp).toBeGreaterThan(BYTES)
        expect(record.bytesDown).toBeGreaterThan(BYTES)
        if (listener === 'ends') expect(splicedShare([record])).toBe(0)
        else expectBulk([record], mode)
      })

      it('a WebSocket client gets its messages back', async () => {
        const scheme = listener === 'ends' ? 'wss' : 'ws'
        const socket = new WebSocket(`${scheme}://localhost:${ports[listener]}/`, {
          ca: readFileSync(pair.cert),
          maxPayload: 2 * MESSAGE_BYTES,
        })
        await once(socket, 'open')
        const message = Buffer.alloc(MESSAGE_BYTES, 'message')
        const [[echo]] = await Promise.all([once(socket, 'message'), socket.send(message)])
        expect(message.equals(echo)).toBe(true)
        socket.close(1000)
        await once(socket, 'close')
        const record = await recordOf(listener, ({ cluster }) => cluster === 'ws')
        expect(record.protocol).toBe(scheme.toUpperCase())
      })

      it('curl gets 503 for a host without a backend, and 404 for an unknown host', async () => {
        for (const [host, status] of [
          ['nobody.test', '503'],
          ['unknown.test', '404'],
        ] as const) {
          const { stdout } = await curl(
            listener,
            host,
            '-o',
            '/dev/null',
            '-w',
            '%{http_code}',
            urlOf(listener, host),
          )
          expect(stdout).toBe(status)
        }
      })
    })
  })
})
