/**
 * Real clients that the built command refuses, and what they tell their users: curl, openssl, psql, redis-cli, mariadb, swaks
 * and Python's smtplib.
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RefuseAs } from '../../src/limits/policy.js'
import { selfSigned } from '../support/certificate.js'
import { temporaryFolder } from '../support/folder.js'
import { type Millrace, startWith } from '../support/millrace.js'
import { modes, WITHOUT_NATIVE } from '../support/modes.js'
import { areMissing, run } from '../support/programs.js'

const MODES = [...new Set([modes()[0]!, WITHOUT_NATIVE])]
const PROGRAMS = ['curl', 'openssl', 'psql', 'redis-cli', 'mariadb', 'swaks', 'python3']
/** Nobody listens there. */
const NO_BACKEND = '127.0.0.1:1'
/** Connects with Python's mail client, and prints what the server says instead of its greeting. */
const SMTPLIB = `
import smtplib, ssl, sys
try:
    if sys.argv[2] == "tls":
        smtplib.SMTP_SSL("127.0.0.1", int(sys.argv[1]), context=ssl._create_unverified_context())
    else:
        smtplib.SMTP("127.0.0.1", int(sys.argv[1]))
except smtplib.SMTPConnectError as error:
    print(error.smtp_code, error.smtp_error.decode())
`

describe.skipIf(areMissing(...PROGRAMS))('refused clients', () => {
  const folder = temporaryFolder()
  let pair: { cert: string; key: string }
  let backend: Server

  beforeAll(async () => {
    pair = await selfSigned(folder)
    backend = createServer((socket) => socket.resume().on('error', () => {})).listen(0, '127.0.0.1')
    await once(backend, 'listening')
  })
  afterAll(() => backend.close())

  describe.each(MODES)('$name', (mode) => {
    let millrace: Millrace
    let ports: Readonly<Record<string, number>>
    /** They have the only place at the only backend of the cluster `full`, and the only one of this source. */
    let holders: Socket[]

    beforeAll(async () => {
      const routes = [{ source: '127.0.0.0/8', reject: true }]
      const listener = (name: string, refuseAs: RefuseAs, more = {}) => ({
        name,
        address: '127.0.0.1:0',
        cluster: 'down',
        limits: { refuseAs },
        ...more,
      })
      const listeners = [
        listener('full', 'auto', { cluster: 'full' }),
        listener('busy', 'auto', {
          cluster: 'open',
          limits: { refuseAs: 'auto', perSource: { maxConnections: 1 } },
        }),
        listener('down', 'auto'),
        listener('denied', 'auto', { routes }),
        listener('names', 'auto', { routes: [{ sni: 'a.test', cluster: 'down' }], cluster: undefined }),
        listener('ends', 'auto', { tls: pair }),
        listener('postgres', 'auto', { tls: pair, startTls: 'postgres', routes }),
        listener('mysql', 'mysql', { cluster: 'full' }),
        listener('down-mysql', 'mysql'),
        listener('mail', 'smtp', { cluster: 'full' }),
        listener('secure-mail', 'smtp', { cluster: 'full', tls: pair }),
        listener('closes', 'close'),
      ]
      const address = `127.0.0.1:${(backend.address() as AddressInfo).port}`
      const clusters = {
        open: { backends: [address] },
        down: { backends: [NO_BACKEND] },
        full: { backends: [{ address, maxConnections: 1 }], limits: { whenFull: 'refuse' } },
      } as const
      ;({ millrace, ports } = await startWith(folder, { listeners, clusters }, mode))
      holders = []
      for (const listener of ['full', 'busy']) {
        holders.push(connect(ports[listener]!, '127.0.0.1'))
        await once(backend, 'connection')
      }
    })
    afterAll(async () => {
      for (const holder of holders) holder.destroy()
      await millrace.stop()
    })

    /** What the program prints, on both outputs. */
    const printed = async (name: string, args: readonly string[], input = ''): Promise<string> => {
      const { stdout, stderr } = await run(name, args, { input })
      return stdout + stderr
    }
    const curl = (...args: string[]) => printed('curl', ['-sSki', ...args])
    const openssl = (listener: string, ...args: string[]) =>
      printed('openssl', ['s_client', '-connect', `127.0.0.1:${ports[listener]}`, ...args])
    const psql = (listener: string, sslmode: string) => {
      const where = `host=127.0.0.1 port=${ports[listener]} user=app dbname=app sslmode=${sslmode}`
      return printed('psql', ['-XAt', '-c', 'select 1', where])
    }
    const redis = (listener: string, ...args: string[]) =>
      printed('redis-cli', ['-p', `${ports[listener]}`, ...args, 'ping'])
    const mariadb = (listener: string) =>
      printed('mariadb', ['-h127.0.0.1', `-P${ports[listener]}`, '-uapp', '--skip-ssl', '-e', 'select 1'])

    it('curl gets a status over HTTP, and learns when to come again', async () => {
      const full = await curl(`http://127.0.0.1:${ports.full}/`)
      expect(full).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\n/)
      expect(full).toMatch(/\r\nRetry-After: 5\r\n/)
      expect(await curl(`http://127.0.0.1:${ports.denied}/`)).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/)
      const upload = ['-sSki', '-H', 'Expect:', '--data-binary', '@-', `http://127.0.0.1:${ports.denied}/`]
      expect(await printed('curl', upload, 'x'.repeat(200_000))).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/)
    })

    it('a client whose source has its connections is told before millrace has read a byte of it', async () => {
      const busy = await curl(`http://127.0.0.1:${ports.busy}/`)
      expect(busy).toMatch(/^HTTP\/1\.1 429 Too Many Requests\r\n/)
      expect(busy).toMatch(/\r\nRetry-After: 5\r\n/)
      expect(await openssl('busy')).toContain('SSL alert number 49')
      expect(await psql('busy', 'prefer')).toContain('FATAL:  sorry, too many clients already')
      expect(await redis('busy')).toContain('ERR max number of clients reached')
    })

    it('curl gets an alert over HTTPS, and a status inside TLS that millrace ends', async () => {
      expect(await curl(`https://localhost:${ports.denied}/`)).toMatch(/^curl: \(35\) .*alert access denied/)
      const names = ['--resolve', `b.test:${ports.names}:127.0.0.1`, `https://b.test:${ports.names}/`]
      expect(await curl(...names)).toMatch(/^curl: \(35\) .*unrecognized name/)
      expect(await curl(`https://localhost:${ports.ends}/`)).toMatch(/^HTTP\/1\.1 503 /)
    })

    it.each(['-tls1_2', '-tls1_3'])('openssl with %s shows the number of the alert', async (version) => {
      expect(await openssl('full', version)).toContain('SSL alert number 49')
      expect(await openssl('names', version, '-servername', 'b.test')).toContain('SSL alert number 112')
      expect(await openssl('down', version)).toContain('SSL alert number 80')
    })

    it.each(['disable', 'prefer'])('psql with sslmode=%s shows the error', async (sslmode) => {
      expect(await psql('full', sslmode)).toContain('FATAL:  sorry, too many clients already')
      expect(await psql('denied', sslmode)).toContain('FATAL:  connection not allowed')
    })

    it('psql with sslmode=require shows the error inside TLS that millrace ends', async () => {
      expect(await psql('postgres', 'require')).toContain('FATAL:  connection not allowed')
      expect(await psql('down', 'require')).toContain('server does not support SSL')
    })

    it('redis-cli shows the error, in the clear and inside TLS', async () => {
      expect(await redis('full')).toContain('ERR max number of clients reached')
      expect(await redis('denied', '-3')).toContain('DENIED connection not allowed')
      expect(await redis('ends', '--tls', '--insecure')).toContain('ERR no server is available')
    })

    it('mariadb shows number and text of the error', async () => {
      expect(await mariadb('mysql')).toContain('ERROR 1040 (08004): Too many connections')
      expect(await mariadb('down-mysql')).toContain('ERROR 1053 (08S01): No server is available')
    })

    it("swaks and Python's smtplib read 421 instead of a greeting, also inside TLS", async () => {
      const refusal = '421 4.3.2 Too many connections, closing transmission channel'
      const swaks = await printed('swaks', ['--server', `127.0.0.1:${ports.mail}`, '--to', 'a@b.test'])
      expect(swaks).toContain(`<** ${refusal}`)
      const python = (listener: string, how: string) =>
        printed('python3', ['-c', SMTPLIB, `${ports[listener]}`, how])
      expect(await python('mail', 'plain')).toBe(`${refusal}\n`)
      expect(await python('secure-mail', 'tls')).toBe(`${refusal}\n`)
    })

    it('curl tells an empty reply where refuseAs is close', async () => {
      expect(await curl(`http://127.0.0.1:${ports.closes}/`)).toMatch(/^curl: \(52\) Empty reply/)
    })

    it('each refused client has a record with its cause, and no client was served', async () => {
      const records = await millrace.records(20)
      const causes = new Set(records.map(({ ended }) => ended.cause))
      expect(causes).toEqual(
        new Set(['queue-full', 'source-limit: connections (listener)', 'no-backend', 'rejected', 'no-route']),
      )
      expect(records.filter(({ bytesUp, bytesDown }) => bytesUp + bytesDown > 0)).toEqual([])
    })
  })
})
