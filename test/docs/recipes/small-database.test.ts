/** The recipe for a small database, with PostgreSQL. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Postgres, postgresPrograms, startPostgres } from '../../support/postgres.js'
import { cannotTest, freePort } from '../../support/programs.js'
import { untilAnswer } from '../../support/wait.js'
import { describeRecipe } from './recipe.js'

describe.skipIf(postgresPrograms() === undefined && cannotTest('PostgreSQL'))('a small database', () => {
  let server: Postgres
  let restarts: Server

  describeRecipe('small-database', {
    needs: ['psql', 'curl', 'jq'],
    prepare: async (folder) => {
      const own = await freePort()
      server = await startPostgres(join(folder, 'pg'))
      restarts = createServer((_, answer) => void server.restart().then(() => answer.end())).listen(
        0,
        '127.0.0.1',
      )
      await once(restarts, 'listening')
      return {
        '0.0.0.0:5432': `127.0.0.1:${own}`,
        'db1.example.net:5432': `127.0.0.1:${server.port}`,
        'psql -h proxy.example.net': `psql -h 127.0.0.1 -p ${own} -U postgres`,
        'ssh db1.example.net systemctl restart postgresql': `curl -s http://127.0.0.1:${(restarts.address() as AddressInfo).port}/`,
      }
    },
    finish: async () => {
      restarts.close()
      await server.stop()
    },
    more: (recipe) => {
      it('with the config of small-database.md, all clients get an answer, and who comes while it is held waits', async () => {
        const records = await untilAnswer(
          () => recipe.records(),
          ({ length }) => length === 13,
        )
        expect(records.map(({ ended }) => ended.cause)).toEqual(Array.from({ length: 13 }, () => 'finished'))
        expect(records.at(-1)!.timings.queuedMs).toBeGreaterThan(0)
      })
    },
  })
})
