/**
 * SSH, HTTPS, HTTP, Postgres, a PROXY header and a protocol in which the server speaks first, all on one port of the built
 * command: ssh, curl, openssl and psql in front, sshd, nginx and PostgreSQL behind. There is no RDP client here: the tests
 * of src/connection send its first packet by hand.
 */
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync } from 'node:fs'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RouteInput } from '../../src/config/listener-input.js'
import { selfSigned } from '../support/certificate.js'
import { temporaryFolder } from '../support/folder.js'
import { type Millrace, startWith } from '../support/millrace.js'
import { expectBulk, isAdaptive, modes, splicedShare } from '../support/modes.js'
import { runNginx } from '../support/nginx.js'
import { type Postgres, postgresPrograms, startPostgres } from '../support/postgres.js'
import { areMissing, cannotTest, freePort, run } from '../support/programs.js'
import type { AccessRecord } from '../support/record-fields.js'
import { type Sshd, startSshd } from '../support/sshd.js'

const BYTES = 2_000_000
const PROGRAMS = ['nginx', 'openssl', 'curl', 'psql', 'ssh', 'sshd', 'setpriv']
const hasNone = areMissing(...PROGRAMS) || (postgresPrograms() === undefined && cannotTest('PostgreSQL'))

/** The part of SMTP that `curl` needs. It greets each client first. */
function smtpServer(): Server {
  return createServer((socket) => {
    socket.on('error', () => {})
    socket.write('220 mail.test\r\n')
    socket.on('data', (line) => {
      const isOver = line.toString().startsWith('QUIT')
      socket.write(isOver ? '221 bye\r\n' : '250 mail.test\r\n')
      if (isOver) socket.end()
    })
  })
}

describe.skipIf(hasNone)('one port', () => {
  const folder = temporaryFolder()
  const mail = smtpServer()
  let sshd: Sshd
  let postgres: Postgres
  let pair: { cert: string; key: string }
  let addresses: Record<'plain' | 'secure' | 'proxied', string>

  beforeAll(async () => {
    // sshd and PostgreSQL run as another user, and must be able to enter this folder.
    chmodSync(folder, 0o755)
    pair = await selfSigned(folder, { names: ['localhost', 'shop.test', 'ends.test'] })
    const [plain, secure, proxied] = [await freePort(), await freePort(), await freePort()]
    const server = (name: string, listen: string, more = '') =>
      `server { listen 127.0.0.1:${listen}; ${more} location / { return 200 "${name} $remote_port $proxy_protocol_addr"; } }`
    const keys = `ssl_certificate ${pair.cert}; ssl_certificate_key ${pair.key};`
    const http = [
      server('plain', String(plain)),
      server('secure', `${secure} ssl`, keys),
      server('proxied', `${proxied} proxy_protocol`),
    ]
    await runNginx(folder, { http: http.join('\n') }, [plain, secure, proxied])
    addresses = {
      plain: `127.0.0.1:${plain}`,
      secure: `127.0.0.1:${secure}`,
      proxied: `127.0.0.1:${proxied}`,
    }
    sshd = await startSshd(join(folder, 'ssh'))
    postgres = await startPostgres(join(folder, 'postgres'), { tls: pair })
    mail.listen(0, '127.0.0.1')
    await once(mail, 'listening')
  })
  afterAll(async () => {
    mail.close()
    await postgres.stop()
  })

  describe.each(modes())('$name', (mode) => {
    let millrace: Millrace
    let ports: Readonly<Record<string, number>>

    beforeAll(async () => {
      const routes: RouteInput[] = [
        { speaks: 'ssh', cluster: 'ssh' },
        { speaks: 'http', cluster: 'plain' },
        { speaks: 'postgres', cluster: 'postgres' },
        { speaks: 'proxy', cluster: 'proxied' },
      ]
      const onSilent = { afterMs: 150, cluster: 'mail' }
      const listeners = [
        {
          name: 'passes',
          address: '127.0.0.1:0',
          routes: [...routes, { sni: 'shop.test', cluster: 'secure' }],
          onSilent,
        },
        {
          name: 'ends',
          address: '127.0.0.1:0',
          tls: pair,
          routes: routes.slice(0, 1),
          cluster: 'plain',
          onSilent,
        },
        { name: 'behind', address: '127.0.0.1:0', acceptProxy: { from: ['127.0.0.1'] }, routes },
      ]
      const clusters = {
        ssh: { backends: [`127.0.0.1:${sshd.port}`] },
        plain: { backends: [addresses.plain] },
        secure: { backends: [addresses.secure] },
        proxied: { backends: [addresses.proxied] },
        postgres: { backends: [`127.0.0.1:${postgres.port}`] },
        mail: { backends: [`127.0.0.1:${(mail.address() as AddressInfo).port}`] },
      }
      ;({ millrace, ports } = await startWith(folder, { listeners, clusters }, mode))
    })

    const recordOf = async (isIt: (record: Record<string, unknown>) => boolean): Promise<AccessRecord> =>
      (await millrace.logged((line) => line.msg === 'connection' && isIt(line))) as unknown as AccessRecord
    const curl = (...args: string[]) => run('curl', ['-sS', '-k', ...args])
    const shop = (listener: string): string[] => [
      '--resolve',
      `shop.test:${ports[listener]}:127.0.0.1`,
      `https://shop.test:${ports[listener]}/`,
    ]

    it.each(['passes', 'ends'])(
      'ssh sends 2 MB through listener %s and gets them back unchanged',
      async (listener) => {
        const input = randomBytes(BYTES)
        const digest = createHash('sha256').update(input).digest('hex')
        const { stdout, stderr } = await run(
          'ssh',
          ['-p', `${ports[listener]}`, ...sshd.login, 'tee /dev/stderr | sha256sum'],
          {
            input,
          },
        )
        expect(stdout).toBe(`${digest}  -\n`)
        expect(stderr.length).toBeGreaterThan(0)
        const record = await recordOf((line) => line.listener === listener && line.speaks === 'ssh')
        expect(record).toMatchObject({ cluster: 'ssh', protocol: 'TCP' })
        expect(record.bytesUp).toBeGreaterThan(BYTES)
        expect(record.bytesDown).toBeGreaterThan(BYTES)
        // How much ssh sends at a time is its own affair.
        if (isAdaptive(mode)) expect(splicedShare([record])).toBeGreaterThan(0)
        else expectBulk([record], mode)
      },
    )

    it('curl reaches two nginx by HTTPS and HTTP, with two requests on one connection', async () => {
      for (const [name, urls] of [
        ['secure', shop('passes')],
        ['plain', [`http://127.0.0.1:${ports.passes}/`]],
      ] as const) {
        const { stdout, stderr } = await curl('-w', ' %{num_connects}\n', ...urls, urls.at(-1)!)
        expect(stderr).toBe('')
        const [first = '', second] = stdout.trim().split('\n')
        expect(first).toMatch(new RegExp(`^${name} \\d+  1$`))
        expect(second).toBe(first.replace(/1$/, '0'))
      }
      expect(await recordOf(({ sni }) => sni === 'shop.test')).toMatchObject({
        speaks: 'tls',
        protocol: 'TLS',
      })
      expect(await recordOf(({ speaks }) => speaks === 'http')).toMatchObject({ protocol: 'TCP' })
    })

    it('curl and openssl get TLS from millrace beside SSH, and no HTTP in the clear', async () => {
      const { stdout } = await curl(...shop('ends'))
      expect(stdout).toMatch(/^plain /)
      const args = ['s_client', '-connect', `127.0.0.1:${ports.ends}`, '-servername', 'ends.test', '-brief']
      const { stderr } = await run('openssl', args)
      expect(stderr).toContain('CONNECTION ESTABLISHED')
      expect((await recordOf(({ sni }) => sni === 'ends.test')).tls).toBeDefined()
      const { code, stdout: none } = await curl(`http://127.0.0.1:${ports.ends}/`)
      expect({ isServed: code === 0, none }).toEqual({ isServed: false, none: '' })
      await recordOf(({ ended }) => (ended as { cause: string }).cause === 'bad-hello: not TLS')
    })

    it('openssl without a name that a route has is refused', async () => {
      const args = ['s_client', '-connect', `127.0.0.1:${ports.passes}`, '-servername', 'other.test']
      expect((await run('openssl', args)).code).not.toBe(0)
      await recordOf(
        ({ sni, ended }) => sni === 'other.test' && (ended as { cause: string }).cause === 'no-route',
      )
    })

    it.each(['disable', 'require'])('psql reaches PostgreSQL with sslmode=%s', async (sslmode) => {
      const where = `host=127.0.0.1 port=${ports.passes} user=postgres dbname=postgres sslmode=${sslmode}`
      const query = 'select ssl from pg_stat_ssl where pid = pg_backend_pid()'
      expect(await run('psql', ['-XAt', '-c', query, where])).toMatchObject({
        stdout: sslmode === 'require' ? 't\n' : 'f\n',
        stderr: '',
      })
      expect(await recordOf(({ speaks }) => speaks === 'postgres')).toMatchObject({ cluster: 'postgres' })
    })

    it('curl with a PROXY header reaches an nginx that reads it, or one behind acceptProxy', async () => {
      const sender = ['--haproxy-protocol']
      expect((await curl(...sender, `http://127.0.0.1:${ports.passes}/`)).stdout).toMatch(
        /^proxied \d+ 127\.0\.0\.1$/,
      )
      expect((await curl(...sender, `http://127.0.0.1:${ports.behind}/`)).stdout).toMatch(/^plain \d+ $/)
      expect(await recordOf(({ listener }) => listener === 'behind')).toMatchObject({
        speaks: 'http',
        cluster: 'plain',
      })
    })

    it.each(['passes', 'ends'])(
      'curl waits for the greeting of a mail server, and gets it at listener %s',
      async (listener) => {
        const { code, stderr } = await curl('-v', '-X', 'NOOP', `smtp://127.0.0.1:${ports[listener]}`)
        expect([code, stderr]).toEqual([0, expect.stringContaining('< 220 mail.test')])
        const record = await recordOf((line) => line.listener === listener && line.speaks === 'nothing')
        expect(record).toMatchObject({ cluster: 'mail' })
        expect(record.timings.waitMs).toBeGreaterThanOrEqual(150)
      },
    )
  })
})
