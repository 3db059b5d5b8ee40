/** An egress gateway of the built command, a real dnsmasq, and a DNS server that changes its answer between two clients. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { selfSigned } from '../support/certificate.js'
import { a, dnsServer, replyTo } from '../support/dns-server.js'
import { startDnsmasq } from '../support/dnsmasq.js'
import { temporaryFolder } from '../support/folder.js'
import { type Millrace, startWith } from '../support/millrace.js'
import { startNginx } from '../support/nginx.js'
import { areMissing, run } from '../support/programs.js'
import type { AccessRecord } from '../support/record-fields.js'

const MODE = { splice: 'auto', native: undefined } as const
/** Each name may lead to the server of the test, and to no other address of this machine. */
const LOCAL = { name: '**.test', networks: '127.0.0.1' }

const ANSWERS = [
  ...['good.test,127.0.0.1', 'mixed.test,10.0.0.1', 'mixed.test,127.0.0.1', 'private.test,192.168.1.1'],
  ...['other.test,127.0.0.2', 'metadata.test,169.254.169.254', 'mapped.test,::ffff:10.0.0.1'],
  ...['nat64.test,64:ff9b::a00:1', 'local.test,::1', 'zero.test,0.0.0.0'],
].map((each) => `--host-record=${each}`)
const ALIASES = ['--cname=alias.test,good.test', '--cname=inside.test,private.test', '--local=/test/']

describe.skipIf(areMissing('nginx', 'openssl', 'curl', 'dnsmasq'))('an egress gateway and DNS', () => {
  const folder = temporaryFolder()
  let pair: { cert: string; key: string }
  let port: number

  beforeAll(async () => {
    pair = await selfSigned(folder, { names: ['good.test', 'alias.test', 'mixed.test', 'rebind.test'] })
    writeFileSync(join(folder, 'file'), 'hello')
    port = await startNginx(folder, pair)
  })

  const start = async (server: { ip: string; port: number }) => {
    const { millrace, ports } = await startWith(
      folder,
      {
        names: { servers: [`${server.ip}:${server.port}`] },
        listeners: [{ name: 'tls', address: '127.0.0.1:0', cluster: 'out' }],
        clusters: { out: { dial: { server: 'sni', allow: [LOCAL], ports: port } } },
      },
      MODE,
    )
    const get = (name: string): ReturnType<typeof run> =>
      run('curl', [
        ...['-sS', '--cacert', pair.cert, '--connect-to', `::127.0.0.1:${ports.tls}`],
        `https://${name}:${port}/file`,
      ])
    return { millrace, get }
  }

  describe('dnsmasq', () => {
    let millrace: Millrace
    let get: (name: string) => ReturnType<typeof run>

    beforeAll(async () => {
      ;({ millrace, get } = await start(await startDnsmasq([...ANSWERS, ...ALIASES])))
    })

    const recordOf = async (name: string): Promise<AccessRecord> =>
      (await millrace.logged(
        ({ msg, sni }) => msg === 'connection' && sni === name,
      )) as unknown as AccessRecord

    it.each(['good.test', 'alias.test', 'mixed.test'])('curl reaches %s', async (name) => {
      expect(await get(name)).toMatchObject({ code: 0, stdout: 'hello' })
      expect(await recordOf(name)).toMatchObject({
        backend: `**.test:${port}`,
        backendAddress: `127.0.0.1:${port}`,
      })
    })

    it.each([
      ['private.test', 'not-allowed: 192.168.1.1 is a private address (RFC 1918)'],
      ['inside.test', 'not-allowed: 192.168.1.1 is a private address (RFC 1918)'],
      ['other.test', 'not-allowed: 127.0.0.2 is a loopback address'],
      ['local.test', 'not-allowed: ::1 is a loopback address'],
      ['zero.test', 'not-allowed: 0.0.0.0 is an address of this host (RFC 1122)'],
      ['metadata.test', 'not-allowed: 169.254.169.254 is the address of the metadata service of clouds'],
      ['mapped.test', 'not-allowed: 10.0.0.1 is a private address (RFC 1918)'],
      [
        'nat64.test',
        'not-allowed: 64:ff9b::a00:1 leads to another address: 10.0.0.1 is a private address (RFC 1918)',
      ],
      ['nobody.test', 'no-backend'],
    ])('curl does not reach %s: %s', async (name, cause) => {
      const { code, stdout } = await get(name)
      expect([code, stdout]).toEqual([35, ''])
      expect((await recordOf(name)).ended.cause).toBe(cause)
    })
  })

  it('a name that changes its answer after the first client leads nobody inside', async () => {
    let ip = '127.0.0.1'
    const server = await dnsServer((query) => {
      const answers = query.type === 'A' ? [a(query.name, ip, 0)] : []
      query.reply(replyTo(query, { answers }))
    })
    const { millrace, get } = await start(server)
    expect(await get('rebind.test')).toMatchObject({ code: 0, stdout: 'hello' })
    ip = '10.0.0.1'
    expect((await get('rebind.test')).code).toBe(35)
    ip = '127.0.0.1'
    expect(await get('rebind.test')).toMatchObject({ code: 0, stdout: 'hello' })
    expect(
      (await millrace.records(3)).map(({ ended }) => ended.cause.replace(/^(finished|reset)$/, 'served')),
    ).toEqual(['served', 'not-allowed: 10.0.0.1 is a private address (RFC 1918)', 'served'])
  })
})
