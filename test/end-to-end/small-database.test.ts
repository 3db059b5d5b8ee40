/** A PostgreSQL server with few connections behind millrace: many psql share them, and a restart under hold is noticed by nobody. */
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { AdminClient } from '../../src/command/client.js'
import type { ProxyStatus } from '../../src/observe/status.js'
import { temporaryFolder } from '../support/folder.js'
import { type Millrace, startWith } from '../support/millrace.js'
import { modes, WITHOUT_NATIVE } from '../support/modes.js'
import { type Postgres, postgresPrograms, startPostgres } from '../support/postgres.js'
import { areMissing, cannotTest, run } from '../support/programs.js'
import { untilAnswer } from '../support/wait.js'

const MODES = [...new Set([modes()[0]!, WITHOUT_NATIVE])]
const hasNone = areMissing('psql') || (postgresPrograms() === undefined && cannotTest('PostgreSQL'))
const MOST = 4
const CLIENTS = 24

const folder = temporaryFolder()
let server: Postgres

describe.skipIf(hasNone)('a small database', () => {
  beforeAll(async () => {
    // The user of the server must be able to enter this folder, too.
    chmodSync(folder, 0o755)
    server = await startPostgres(join(folder, 'small'))
  })
  afterAll(() => server.stop())

  describe.each(MODES)('behind millrace, $name', (mode) => {
    const socket = join(folder, 'admin.sock')
    let millrace: Millrace
    let port: number
    let admin: AdminClient

    beforeEach(async () => {
      const pg = {
        backends: [{ address: `127.0.0.1:${server.port}`, maxConnections: MOST }],
        limits: { queueMs: '60s' },
      }
      const listeners = [{ name: 'pg', address: '127.0.0.1:0', cluster: 'pg' }]
      const config = { workers: 2, listeners, clusters: { pg }, admin: `unix:${socket}` }
      const started = await startWith(folder, config, mode)
      millrace = started.millrace
      port = started.ports.pg!
      await millrace.logged(({ msg }) => msg.startsWith('admin on'))
      admin = new AdminClient({ address: { kind: 'unix', path: socket }, token: undefined })
    })
    afterEach(() => millrace.program.kill())

    const psql = (query: string) =>
      run('psql', ['-XAt', '-c', query, `host=127.0.0.1 port=${port} user=postgres dbname=postgres`])
    const statusWhen = async (isWanted: (pg: ProxyStatus['clusters'][number]) => boolean): Promise<void> => {
      const ask = async (): Promise<ProxyStatus> => (await admin.ask('GET', '/api/v1/status')) as ProxyStatus
      await untilAnswer(ask, ({ clusters }) => isWanted(clusters[0]!))
    }

    it('many psql share the few connections that the database has, and none fails', async () => {
      const query = "select count(*) from pg_stat_activity where backend_type = 'client backend'"
      const answers = await Promise.all(
        Array.from({ length: CLIENTS }, () => psql(`${query}; select pg_sleep(0.02)`)),
      )
      for (const { code, stderr } of answers) expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      const open = answers.map(({ stdout }) => Number(stdout.split('\n')[0]))
      // PostgreSQL counts a connection for a moment after it was closed.
      expect(Math.max(...open)).toBeLessThanOrEqual(2 * MOST)
      const records = await millrace.records(CLIENTS)
      expect(records.filter(({ timings }) => timings.queuedMs !== undefined).length).toBeGreaterThan(0)
      expect(records.filter(({ backend }) => backend === undefined)).toEqual([])
    })

    it('nobody notices a restart of the database while its cluster is held', async () => {
      expect(await psql('select 1')).toMatchObject({ code: 0, stdout: '1\n' })
      await admin.ask('POST', '/api/v1/clusters/pg/hold', { maxMs: 60_000 })
      const clients = Array.from({ length: 6 }, () => psql('select 2'))
      await statusWhen(({ queued }) => queued === 6)
      await server.restart()
      expect(await admin.ask('POST', '/api/v1/clusters/pg/release')).toEqual({ cluster: 'pg', waited: 6 })
      for (const answer of await Promise.all(clients))
        expect(answer).toMatchObject({ code: 0, stdout: '2\n' })
    })
  })
})
