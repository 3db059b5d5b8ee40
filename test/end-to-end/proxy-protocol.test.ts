/** HAProxy and nginx in front of millrace and behind it. They tell each other by PROXY protocol who the client is. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import type { ProxyConfig } from '../../src/config/input.js'
import { temporaryFolder } from '../support/folder.js'
import { type Millrace, startWith } from '../support/millrace.js'
import { modes } from '../support/modes.js'
import { runNginx } from '../support/nginx.js'
import { areMissing, freePort, listeningOn, Program, run } from '../support/programs.js'
import type { AccessRecord } from '../support/record-fields.js'

type Ports = Record<string, number>

describe.skipIf(areMissing('haproxy', 'nginx', 'curl')).each(modes())('PROXY protocol, $name', (mode) => {
  const folder = temporaryFolder()
  let millrace: Millrace
  /** The ports of the senders in front, of the receivers behind, and of millrace itself. */
  const front: Ports = { haproxyV1: 0, haproxyV2: 0, through: 0, nginx: 0 }
  const behind: Ports = { nginx: 0, haproxy: 0 }
  let own: Readonly<Ports>

  beforeAll(async () => {
    for (const ports of [front, behind]) {
      for (const name of Object.keys(ports)) ports[name] = await freePort()
    }
    const accepting = await freePort()
    const both = await freePort()
    const acceptProxy = { from: ['127.0.0.1'] }
    const config: ProxyConfig = {
      listeners: [
        { name: 'accepts', address: `127.0.0.1:${accepting}`, acceptProxy, cluster: 'plain' },
        { name: 'both', address: `127.0.0.1:${both}`, acceptProxy, cluster: 'nginx' },
        { name: 'toNginxV1', address: '127.0.0.1:0', cluster: 'nginxV1' },
        { name: 'toNginx', address: '127.0.0.1:0', cluster: 'nginx' },
        { name: 'toHaproxyV1', address: '127.0.0.1:0', cluster: 'haproxyV1' },
        { name: 'toHaproxy', address: '127.0.0.1:0', cluster: 'haproxy' },
      ],
      clusters: {
        plain: { backends: [`127.0.0.1:${await startPlain(folder)}`] },
        nginxV1: { backends: [`127.0.0.1:${behind.nginx}`], sendProxy: 'v1' },
        nginx: { backends: [`127.0.0.1:${behind.nginx}`], sendProxy: 'v2' },
        haproxyV1: { backends: [`127.0.0.1:${behind.haproxy}`], sendProxy: 'v1' },
        haproxy: { backends: [`127.0.0.1:${behind.haproxy}`], sendProxy: 'v2' },
      },
    }
    ;({ millrace, ports: own } = await startWith(folder, config, mode))
    await startHaproxy(folder, front, behind, { accepting, both })
    const shown = '$proxy_protocol_addr $proxy_protocol_port'
    const receiver = `server { listen 127.0.0.1:${behind.nginx} proxy_protocol; location / { return 200 "${shown}"; } }`
    const sender = `server { listen 127.0.0.1:${front.nginx}; proxy_pass 127.0.0.1:${accepting}; proxy_protocol on; }`
    await runNginx(folder, { http: receiver, stream: sender }, [behind.nginx!, front.nginx!])
  })

  const ask = async (port: number, from = '127.0.0.1'): Promise<string> => {
    const { code, stdout, stderr } = await run('curl', [
      ...['-sS', '--interface', from],
      '-w',
      ' %{local_port}',
      `http://127.0.0.1:${port}/`,
    ])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    return stdout
  }

  /**
   * The record of this client at this listener. HAProxy's health checks connect to another listener in between, and one of
   * them may have had the same port.
   */
  const recordOf = async (listener: string, client: string): Promise<AccessRecord> =>
    (await millrace.logged(
      (line) => line.msg === 'connection' && line.listener === listener && line.client === client,
    )) as unknown as AccessRecord

  it.each([
    ['HAProxy, version 1', 'haproxyV1', 1],
    ['HAProxy, version 2', 'haproxyV2', 2],
    ['nginx', 'nginx', 1],
  ])('the record has the client that %s names in a PROXY header', async (_, name, version) => {
    const [, clientPort] = (await ask(front[name]!, '127.0.0.2')).split(' ')
    const { proxy } = await recordOf('accepts', `127.0.0.2:${clientPort}`)
    expect(proxy).toMatchObject({ version, command: 'proxy', destination: `127.0.0.1:${front[name]}` })
    expect(proxy!.from).toMatch(/^127\.0\.0\.1:/)
    if (version === 2) {
      expect(Buffer.from(proxy!.uniqueId!, 'base64').toString()).toBe(`id-${clientPort}`)
      expect(proxy!.tlvs).toContain(3)
    }
  })

  it.each([
    ['nginx, version 1', 'toNginxV1'],
    ['nginx, version 2', 'toNginx'],
    ['HAProxy, version 1', 'toHaproxyV1'],
    ['HAProxy, version 2', 'toHaproxy'],
  ])('%s reads the client from the PROXY header of millrace', async (_, name) => {
    const [address, port, clientPort] = (await ask(own[name]!)).split(' ')
    expect(address).toBe('127.0.0.1')
    expect(port).toBe(clientPort)
    expect((await recordOf(name, `127.0.0.1:${clientPort}`)).proxy).toBeUndefined()
  })

  it('nginx behind HAProxy and millrace reads the client of HAProxy from the PROXY header', async () => {
    const [address, port, clientPort] = (await ask(front.through!)).split(' ')
    expect(`${address}:${port}`).toBe(`127.0.0.1:${clientPort}`)
  })

  it('a health check of HAProxy sends LOCAL, and the record has HAProxy itself as the client', async () => {
    const isCheck = (line: { msg: string; proxy?: unknown }): boolean =>
      line.msg === 'connection' && (line.proxy as { command?: string } | undefined)?.command === 'local'
    const { client, proxy } = (await millrace.logged(isCheck)) as unknown as {
      client: string
      proxy: { from: string }
    }
    expect(client).toBe(proxy.from)
  })
})

/** Starts an HAProxy that answers every request; returns its port. */
async function startPlain(folder: string): Promise<number> {
  const port = await freePort()
  const file = join(folder, 'plain.cfg')
  const defaults = 'mode http\n timeout client 10s\n timeout connect 10s\n timeout server 10s'
  writeFileSync(
    file,
    `defaults\n ${defaults}\nfrontend f\n bind 127.0.0.1:${port}\n http-request return status 200\n`,
  )
  await listeningOn(port, new Program('haproxy', ['-db', '-f', file]))
  return port
}

async function startHaproxy(folder: string, front: Ports, behind: Ports, to: Ports): Promise<void> {
  const file = join(folder, 'haproxy.cfg')
  writeFileSync(
    file,
    `defaults
  mode tcp
  timeout client 10s
  timeout connect 10s
  timeout server 10s
listen v1
  bind 127.0.0.1:${front.haproxyV1}
  server s 127.0.0.1:${to.accepting} send-proxy
listen v2
  bind 127.0.0.1:${front.haproxyV2}
  unique-id-format id-%cp
  server s 127.0.0.1:${to.accepting} send-proxy-v2 proxy-v2-options crc32c,unique-id check inter 200ms
listen through
  bind 127.0.0.1:${front.through}
  server s 127.0.0.1:${to.both} send-proxy-v2
frontend receiver
  mode http
  bind 127.0.0.1:${behind.haproxy} accept-proxy
  http-request return status 200 content-type text/plain lf-string "%[src] %[src_port]"
`,
  )
  const haproxy = new Program('haproxy', ['-db', '-f', file])
  for (const port of [front.haproxyV1, front.haproxyV2, front.through, behind.haproxy])
    await listeningOn(port!, haproxy)
}
