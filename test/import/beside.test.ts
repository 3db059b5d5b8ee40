/** A config of HAProxy and what `millrace import` makes of it, side by side: each client gets the same backend, or none. */
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { importConfig } from '../../src/import/import.js'
import type { Source } from '../../src/import/sources.js'
import { createProxy } from '../../src/proxy/library-proxy.js'
import { type NamedBackend, startBackends } from '../beside/backends.js'
import { temporaryFolder } from '../support/folder.js'
import { helloOf } from '../support/hello.js'
import { STREAM_MODULE } from '../support/nginx.js'
import { areMissing, freePort, listeningOn, Program } from '../support/programs.js'

/** A client: where it comes from, and what it sends first. */
interface Client {
  readonly from?: string
  readonly sni?: string
  readonly bytes?: string
}

/** The name of the backend that the client gets. `none`: it gets no byte. */
async function answerFor(port: number, { from = '127.0.0.1', sni, bytes }: Client): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, localAddress: from })
  const answered = new Promise<string>((resolve) => {
    socket.on('error', () => {})
    socket.on('data', (data) => resolve(String(data).trim()))
    socket.on('close', () => resolve('none'))
  })
  const first = sni === undefined ? bytes : await helloOf({ servername: sni })
  if (first !== undefined) socket.write(first)
  const answer = await answered
  socket.destroy()
  return answer
}

describe('an imported config beside the original', () => {
  const folder = temporaryFolder()
  const ends: (() => unknown)[] = []
  afterEach(async () => {
    for (const end of ends.splice(0)) await end()
  })

  /** Starts the original, and millrace with the imported config. Returns both ports. */
  async function startBoth(
    from: Source,
    configOf: (port: number, backends: Readonly<Record<string, NamedBackend>>) => string,
    names: readonly string[],
  ): Promise<readonly [original: number, ours: number]> {
    const backends = await startBackends(names, false)
    for (const backend of backends) ends.push(() => backend.die())
    const byName = Object.fromEntries(backends.map((backend) => [backend.name, backend]))
    const [original, ours] = [await freePort(), await freePort()]
    const file = join(folder, `${from}-${original}.conf`)
    writeFileSync(file, configOf(original, byName))
    const program = new Program(...startOf(from, file))
    ends.unshift(() => program.kill())
    await listeningOn(original, program)
    const { yaml = '' } = importConfig(configOf(ours, byName), { file, from: undefined, read: () => [] })
    const proxy = createProxy({ ...parse(yaml), log: { level: 'silent' } })
    ends.unshift(() => proxy.stop())
    await proxy.start()
    return [original, ours]
  }

  const startOf = (from: Source, file: string): [string, string[]] =>
    from === 'haproxy' ? ['haproxy', ['-db', '-f', file]] : ['nginx', ['-c', file, '-p', folder]]

  async function expectAlike(
    [original, ours]: readonly [number, number],
    clients: readonly (readonly [Client, string])[],
  ): Promise<void> {
    for (const [client, expected] of clients) {
      expect([client, await answerFor(original, client)]).toEqual([client, expected])
      expect([client, await answerFor(ours, client)]).toEqual([client, expected])
    }
  }

  it.skipIf(areMissing('haproxy'))(
    'each client of an imported HAProxy config gets the backend that it gets there',
    async () => {
      const ports = await startBoth(
        'haproxy',
        (port, { a, b, c, d }) => `
defaults
  timeout connect 1s
  timeout client 10s
  timeout server 10s
frontend f
  bind 127.0.0.1:${port}
  acl office src 127.0.0.8/29
  tcp-request connection accept if { src 127.0.0.3 }
  tcp-request connection reject if { src 127.0.0.2/31 }
  tcp-request inspect-delay 2s
  tcp-request content accept if { req.ssl_hello_type 1 }
  tcp-request content accept if { req.payload(0,4) -m bin 5353482d }
  use_backend c if office
  use_backend d if { req.payload(0,4) -m bin 5353482d }
  use_backend b if { req.ssl_sni -m end .a.test }
  use_backend a if { req.ssl_sni -i a.test }
  default_backend d
backend a
  balance first
  server dead 127.0.0.1:1 backup
  server a 127.0.0.1:${a!.port}
backend b
  server b 127.0.0.1:${b!.port}
backend c
  server c 127.0.0.1:${c!.port}
backend d
  server d 127.0.0.1:${d!.port}
`,
        ['a', 'b', 'c', 'd'],
      )
      await expectAlike(ports, [
        [{ sni: 'A.test' }, 'a'],
        [{ sni: 'x.a.test' }, 'b'],
        [{ sni: 'other.test' }, 'd'],
        [{ bytes: 'SSH-2.0-x\r\n' }, 'd'],
        [{ sni: 'a.test', from: '127.0.0.2' }, 'none'],
        [{ sni: 'a.test', from: '127.0.0.3' }, 'a'],
        [{ sni: 'a.test', from: '127.0.0.9' }, 'c'],
        [{ bytes: 'SSH-2.0-x\r\n', from: '127.0.0.9' }, 'c'],
      ])
    },
  )

  it.skipIf(areMissing('nginx'))(
    'each client of an imported nginx config gets the backend that it gets there',
    async () => {
      const ports = await startBoth(
        'nginx',
        (port, { a, b, c, d }) => `
load_module ${STREAM_MODULE};
daemon off;
master_process off;
pid ${folder}/pid;
error_log /dev/null;
events {}
stream {
  map $ssl_preread_server_name $name {
    hostnames;
    a.test one;
    .b.test two;
    "" 127.0.0.1:${c!.port};
    default last;
  }
  upstream one { server 127.0.0.1:${a!.port}; server 127.0.0.1:1 backup; }
  upstream two { hash $remote_addr consistent; server 127.0.0.1:${b!.port}; }
  upstream last { server 127.0.0.1:${d!.port}; }
  deny 127.0.0.9;
  server {
    listen 127.0.0.1:${port};
    allow 127.0.0.3;
    deny 127.0.0.2/31;
    ssl_preread on;
    proxy_pass $name;
  }
}
`,
        ['a', 'b', 'c', 'd'],
      )
      await expectAlike(ports, [
        [{ sni: 'A.test' }, 'a'],
        [{ sni: 'b.test' }, 'b'],
        [{ sni: 'x.y.b.test' }, 'b'],
        [{ sni: 'other.test' }, 'd'],
        [{ bytes: 'SSH-2.0-x\r\n' }, 'c'],
        [{ sni: 'a.test', from: '127.0.0.2' }, 'none'],
        [{ sni: 'a.test', from: '127.0.0.3' }, 'a'],
        [{ sni: 'a.test', from: '127.0.0.9' }, 'a'],
      ])
    },
  )
})
