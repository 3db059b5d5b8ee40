/** psql in front, PostgreSQL behind: TLS that passes through, ends and begins at millrace, and cancelled queries. */
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { selfSigned } from '../support/certificate.js'
import { temporaryFolder } from '../support/folder.js'
import { type Millrace, startWith } from '../support/millrace.js'
import { modes, WITHOUT_NATIVE } from '../support/modes.js'
import { PASSWORD, type Postgres, postgresPrograms, startPostgres } from '../support/postgres.js'
import { areMissing, cannotTest, freePort, Program, run } from '../support/programs.js'

const MODES = [...new Set([modes()[0]!, WITHOUT_NATIVE])]
const hasNone =
  areMissing('psql', 'openssl') || (postgresPrograms() === undefined && cannotTest('PostgreSQL'))

const folder = temporaryFolder()
let pair: { cert: string; key: string }
const servers: Postgres[] = []
let secure: number
let plain: number
/** Each server answers with its own port, so the tests can tell them apart. */
const which = 'select setting from pg_settings where name = $$port$$'

describe.skipIf(hasNone)('PostgreSQL', () => {
  beforeAll(async () => {
    // The user of the server must be able to enter this folder, too.
    chmodSync(folder, 0o755)
    pair = await selfSigned(folder, { names: ['localhost', 'db.test', 'other.test'] })
    servers.push(await startPostgres(join(folder, 'secure'), { tls: pair, auth: 'scram-sha-256' }))
    servers.push(await startPostgres(join(folder, 'plain')))
    ;[secure = 0, plain = 0] = servers.map(({ port }) => port)
  })
  afterAll(() => Promise.all(servers.map((server) => server.stop())))

  describe.each(MODES)('behind millrace, $name', (mode) => {
    let millrace: Millrace
    let ports: Readonly<Record<string, number>>

    beforeAll(async () => {
      const [passes, ends, begins] = [await freePort(), await freePort(), await freePort()]
      const startTls = 'postgres' as const
      const config = {
        workers: 2,
        listeners: [
          {
            name: 'passes',
            address: `127.0.0.1:${passes}`,
            startTls,
            routes: [
              { sni: 'db.test', cluster: 'secure' },
              { sni: 'other.test', cluster: 'plain' },
              { user: 'postgres', database: 'postgres', cluster: 'plain' },
            ],
          },
          { name: 'ends', address: `127.0.0.1:${ends}`, startTls, tls: pair, cluster: 'plain' },
          { name: 'begins', address: `127.0.0.1:${begins}`, startTls, tls: pair, cluster: 'begun' },
        ],
        clusters: {
          secure: { backends: [`127.0.0.1:${secure}`] },
          plain: { backends: [`127.0.0.1:${plain}`] },
          begun: {
            backends: [`127.0.0.1:${secure}`],
            startTls,
            tls: { ca: pair.cert, serverName: 'db.test' },
          },
        },
      }
      ;({ millrace, ports } = await startWith(folder, config, mode))
    })

    const connection = (listener: string, host: string, more: string): string =>
      `host=${host} hostaddr=127.0.0.1 port=${ports[listener]} user=postgres dbname=postgres connect_timeout=10 ${more}`
    const env = { PGPASSWORD: PASSWORD }
    const psql = (listener: string, host: string, more: string, query = which) =>
      run('psql', ['-XAt', '-c', query, connection(listener, host, more)], { env })
    const caused = (cause: RegExp) =>
      millrace.logged(({ ended }) => cause.test((ended as { cause?: string } | undefined)?.cause ?? ''))

    it('psql reaches PostgreSQL by server name through passed-on TLS, with channel binding', async () => {
      const more = `sslmode=verify-full sslrootcert=${pair.cert} channel_binding=require`
      expect(await psql('passes', 'db.test', more)).toMatchObject({ stdout: `${secure}\n`, stderr: '' })
      await millrace.logged(({ sni, cluster }) => sni === 'db.test' && cluster === 'secure')
    })

    it('psql that asks for TLS gets no plaintext of a PostgreSQL server without TLS', async () => {
      const { code, stdout } = await psql('passes', 'other.test', 'sslmode=require')
      expect({ code, stdout }).toMatchObject({ code: 2, stdout: '' })
      await caused(/^backend-tls: the backend offers no TLS$/)
    })

    it('psql without TLS reaches PostgreSQL by user and database', async () => {
      expect(await psql('passes', 'db.test', 'sslmode=disable')).toMatchObject({
        stdout: `${plain}\n`,
        stderr: '',
      })
    })

    it('psql reaches PostgreSQL by TLS that ends at millrace', async () => {
      const more = `sslmode=verify-full sslrootcert=${pair.cert}`
      expect(await psql('ends', 'localhost', more)).toMatchObject({ stdout: `${plain}\n`, stderr: '' })
      await millrace.logged(({ tls }) => (tls as { version?: string } | undefined)?.version === 'TLSv1.3')
    })

    it('psql reaches PostgreSQL by TLS that ends at millrace and begins again there', async () => {
      const more = `sslmode=verify-full sslrootcert=${pair.cert} channel_binding=disable`
      expect(await psql('begins', 'localhost', more)).toMatchObject({ stdout: `${secure}\n`, stderr: '' })
      await millrace.logged(
        ({ backendTls }) => (backendTls as { version?: string } | undefined)?.version === 'TLSv1.3',
      )
    })

    it.each([
      ['begins after a request', ['-starttls', 'postgres']],
      ['begins with the first byte', ['-alpn', 'postgresql']],
    ])('openssl reaches PostgreSQL by TLS that %s', async (_, how) => {
      for (const [listener, name] of [
        ['ends', 'localhost'],
        ['passes', 'db.test'],
      ] as const) {
        const args = ['s_client', '-connect', `127.0.0.1:${ports[listener]}`, '-servername', name, ...how]
        const { stdout } = await run('openssl', [...args, '-CAfile', pair.cert, '-verify_return_error'])
        expect(stdout).toContain('Verify return code: 0 (ok)')
        if (listener === 'ends' && how[0] === '-alpn') expect(stdout).toContain('ALPN protocol: postgresql')
      }
    })

    it('a Postgres listener refuses TLS from the first byte on without ALPN', async () => {
      await run('openssl', ['s_client', '-connect', `127.0.0.1:${ports.ends}`, '-servername', 'localhost'])
      await caused(/^bad-hello: no ALPN/)
    })

    it.each([
      ['without TLS', 'passes', 'db.test', 'sslmode=disable'],
      ['whose TLS ends at millrace', 'ends', 'localhost', 'sslmode=require'],
      [
        'whose TLS ends and begins again at millrace',
        'begins',
        'localhost',
        'sslmode=require channel_binding=disable',
      ],
    ])('psql %s cancels its query through either worker', async (_, listener, host, more) => {
      // Every cancel request is a connection of its own. Chance decides which worker gets it.
      for (let round = 0; round < 6; round++) {
        const client = new Program('psql', ['-XAt', connection(listener, host, more)], { env })
        client.child.stdin.write('\\echo begun\nselect pg_sleep(60);\n')
        await client.seen(() => client.stdout.includes('begun'))
        await busy(listener === 'begins' ? secure : plain)
        client.child.kill('SIGINT')
        await client.seen(() => client.stderr.includes('canceling statement due to user request'))
        await client.kill()
      }
    })
  })
})

/** Resolves when a query sleeps at the server on `port`. */
async function busy(port: number): Promise<void> {
  const query =
    "select count(*) from pg_stat_activity where query like 'select pg_sleep%' and state = 'active'"
  const server = `host=127.0.0.1 port=${port} user=postgres dbname=postgres`
  for (;;) {
    const { stdout } = await run('psql', ['-XAt', '-c', query, server], { env: { PGPASSWORD: PASSWORD } })
    if (Number(stdout) > 0) return
  }
}
