/** The recipe for a Postgres primary with its standby, with two servers of PostgreSQL. */
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { type Postgres, postgresPrograms, startPostgres } from '../../support/postgres.js'
import { cannotTest, freePort, run } from '../../support/programs.js'
import { untilAnswer } from '../../support/wait.js'
import { describeRecipe } from './recipe.js'

const servers: Postgres[] = []
let port: number

if (postgresPrograms() !== undefined || !cannotTest('PostgreSQL'))
  describeRecipe('postgres-primary-and-standby', {
    needs: ['psql'],
    prepare: async (folder) => {
      const primary = await startPostgres(join(folder, 'primary'))
      const standby = await startPostgres(join(folder, 'standby'), { standbyOf: primary.port })
      servers.push(primary, standby)
      port = await freePort()
      return {
        '0.0.0.0:5432': `127.0.0.1:${port}`,
        'pg1.example.net:5432': `127.0.0.1:${primary.port}`,
        'pg2.example.net:5432': `127.0.0.1:${standby.port}`,
        '-h proxy.example.net': `-h 127.0.0.1 -p ${port}`,
        '-h pg1.example.net': `-h 127.0.0.1 -p ${primary.port}`,
        '-h pg2.example.net': `-h 127.0.0.1 -p ${standby.port}`,
        'ssh pg1.example.net systemctl stop postgresql': `kill -INT $(head -n 1 ${folder}/primary/data/postmaster.pid)`,
      }
    },
    finish: () => Promise.all(servers.map((server) => server.stop())),
    more: (recipe) => {
      it('an old Postgres primary that comes back gets no client, because failback is manual', async () => {
        await servers[0]!.restart()
        const ask = async () => (await recipe.shell.run('millrace status')).output
        await untilAnswer(ask, (status) => (status.match(/ up .*L7OK by check/g) ?? []).length === 2)
        const who = ['-XAt', '-h', '127.0.0.1', '-p', String(port), '-U', 'postgres', '-c', 'show port']
        expect(await run('psql', who)).toMatchObject({ stdout: `${servers[1]!.port}\n` })
        const [before, after] = servers.map((server) => `127.0.0.1:${server.port}`)
        const served = await untilAnswer(
          () => recipe.records().flatMap(({ backend }) => backend ?? []),
          (backends) => backends.filter((backend) => backend === after).length >= 2,
        )
        expect([served[0], served.at(-1)]).toEqual([before, after])
      })
    },
  })
