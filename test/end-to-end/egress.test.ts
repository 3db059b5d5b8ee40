/** An egress gateway of the built command: curl and openssl in front, and nginx as the servers that they name. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { selfSigned } from '../support/certificate.js'
import { temporaryFolder } from '../support/folder.js'
import { type Millrace, startWith } from '../support/millrace.js'
import { expectBulk, modes } from '../support/modes.js'
import { runNginx } from '../support/nginx.js'
import { areMissing, freePort, run } from '../support/programs.js'
import type { AccessRecord } from '../support/record-fields.js'

const BYTES = 8_000_000
const LOCAL = { name: 'localhost', networks: ['127.0.0.0/8', '::1'] }

/** One mode that splices, and one without the addon. */
const MODES = modes().filter(({ splice, native }) => splice === 'on' || native === 'off')

describe.skipIf(areMissing('nginx', 'openssl', 'curl'))('an egress gateway', () => {
  const folder = temporaryFolder()
  let nginx: { tls: number; plain: number }
  let pair: { cert: string; key: string }

  beforeAll(async () => {
    pair = await selfSigned(folder, { names: ['localhost'] })
    writeFileSync(join(folder, 'file'), Buffer.alloc(BYTES, 'file'))
    nginx = { tls: await freePort(), plain: await freePort() }
    const site = `root ${folder}; location /host { return 200 "$http_host $connection_requests\\n"; }`
    const secure = `ssl_certificate ${pair.cert}; ssl_certificate_key ${pair.key};`
    const http = `server { listen 127.0.0.1:${nginx.tls} ssl; ${secure} ${site} }
      server { listen 127.0.0.1:${nginx.plain}; ${site} }`
    await runNginx(folder, { http }, [nginx.tls, nginx.plain])
  })

  describe.each(MODES)('$name', (mode) => {
    let millrace: Millrace
    let ports: Readonly<Record<string, number>>

    beforeAll(async () => {
      const front = { address: '127.0.0.1:0', protocol: 'http' } as const
      const listeners = [
        { name: 'tls', address: '127.0.0.1:0', cluster: 'tls' },
        { name: 'pass', ...front, http: 'pass', cluster: 'http' },
        { name: 'forward', ...front, http: 'forward', cluster: 'http' },
        { name: 'limited', ...front, http: 'forward', cluster: 'limited' },
        { name: 'starts-tls', ...front, http: 'forward', cluster: 'https' },
      ] as const
      const host = { server: 'host', allow: [LOCAL, '*'] } as const
      const clusters = {
        tls: { dial: { server: 'sni', allow: [LOCAL, '*.test'], ports: nginx.tls } },
        http: { dial: { ...host, ports: [nginx.plain, 80] } },
        limited: {
          dial: { ...host, ports: [nginx.plain, 80] },
          limits: { perSource: { maxConnections: 10, newPerSecond: { rate: 0.01, burst: 1 } } },
        },
        https: { dial: { ...host, ports: nginx.tls }, tls: { ca: pair.cert } },
      } as const
      ;({ millrace, ports } = await startWith(folder, { listeners, clusters }, mode))
    })

    const curl = (listener: string, ...args: string[]) =>
      run('curl', ['-sS', '--cacert', pair.cert, '--connect-to', `::127.0.0.1:${ports[listener]}`, ...args])
    const plain = (path: string): string => `http://localhost:${nginx.plain}${path}`

    /** The record of a listener that is like this. */
    const recordOf = async (
      listener: string,
      isIt: (record: AccessRecord) => boolean,
    ): Promise<AccessRecord> =>
      (await millrace.logged(
        (line) =>
          line.msg === 'connection' && line.listener === listener && isIt(line as unknown as AccessRecord),
      )) as unknown as AccessRecord

    it('curl gets a file by HTTPS from the server that it names, spliced', async () => {
      const received = join(folder, `received-${mode.native}`)
      const { code, stderr } = await curl('tls', `https://localhost:${nginx.tls}/file`, '-o', received)
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(readFileSync(received).equals(readFileSync(join(folder, 'file')))).toBe(true)
      const record = await recordOf('tls', ({ bytesDown }) => bytesDown > BYTES)
      expect(record).toMatchObject({
        protocol: 'TLS',
        sni: 'localhost',
        backend: `localhost:${nginx.tls}`,
        backendAddress: `127.0.0.1:${nginx.tls}`,
      })
      expectBulk([record], mode)
    })

    it.each([
      ['intranet.example', 'not-allowed: no name in "allow" matches'],
      ['0x7f.0.0.1', 'not-allowed: the server name is no host name'],
    ])('openssl that names %s is refused', async (name, cause) => {
      const args = ['s_client', '-connect', `127.0.0.1:${ports.tls}`, '-servername', name]
      const { code, stdout } = await run('openssl', args, { input: '' })
      expect(code).not.toBe(0)
      expect(stdout).toContain('no peer certificate available')
      const record = await recordOf('tls', ({ sni }) => sni === name)
      expect(record).toMatchObject({ ended: { cause }, termination: 'PC' })
    })

    it('openssl that names no server is refused', async () => {
      const args = ['s_client', '-connect', `127.0.0.1:${ports.tls}`, '-noservername']
      expect((await run('openssl', args, { input: '' })).stdout).toContain('no peer certificate available')
      const cause = 'not-allowed: the client names no server in a ClientHello'
      expect(await recordOf('tls', ({ ended }) => ended.cause === cause)).not.toHaveProperty('sni')
    })

    it('curl sends several requests to the server of the first one', async () => {
      const { stdout } = await curl('pass', plain('/host'), plain('/host'))
      expect(stdout).toBe(`localhost:${nginx.plain} 1\nlocalhost:${nginx.plain} 2\n`)
    })

    it('curl uses it as a forward proxy for plain HTTP', async () => {
      const proxied = ['-x', `http://127.0.0.1:${ports.forward}`]
      const { stdout } = await run('curl', ['-sS', ...proxied, plain('/host')])
      expect(stdout).toBe(`localhost:${nginx.plain} 1\n`)
      const code = ['-w', '%{http_code}', '-o', '/dev/null']
      const refused = await run('curl', ['-sS', ...proxied, ...code, `http://127.0.0.1:${nginx.plain}/host`])
      expect(refused.stdout).toBe('403')
    })

    it('a cluster with dial refuses a client that comes more often than its limit for each source', async () => {
      const fetch = () =>
        curl('limited', plain('/host'), '-o', '/dev/null', '-w', '%{http_code} %header{retry-after}')
      expect((await fetch()).stdout).toBe('200 ')
      expect((await fetch()).stdout).toBe('429 5')
      const { ended } = await recordOf('limited', (record) => record.ended.cause !== 'finished')
      expect(ended.cause).toBe('source-limit: rate (cluster)')
    })

    it('with tls millrace speaks TLS to the server, and its certificate is for the name of the request', async () => {
      const { stdout } = await curl('starts-tls', `http://localhost:${nginx.tls}/host`)
      expect(stdout).toBe(`localhost:${nginx.tls} 1\n`)
      const record = await recordOf('starts-tls', ({ http }) => http?.status === 200)
      expect(record.backendTls?.version).toMatch(/^TLSv1\.[23]$/)
    })

    it.each([
      ['127.0.0.1', 403],
      ['[::1]', 403],
      ['[::ffff:127.0.0.1]', 403],
      ['0x7f.1', 403],
      ['0177.0.0.1', 400],
      ['2130706433', 400],
      ['127.1', 400],
    ])('curl that asks for the loopback address as %s gets %d', async (host, status) => {
      const code = ['-w', '%{http_code}', '-o', '/dev/null']
      const { stdout } = await curl('pass', '-H', `Host: ${host}`, ...code, plain('/host'))
      expect(stdout).toBe(String(status))
    })
  })
})
