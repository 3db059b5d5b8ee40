/** The examples of route functions, with the clients and the servers that they are for. */

import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { selfSigned } from '../support/certificate.js'
import { temporaryFolder } from '../support/folder.js'
import { startNginx } from '../support/nginx.js'
import { postgresPrograms, startPostgres } from '../support/postgres.js'
import { areMissing, cannotTest, freePort, Program, run } from '../support/programs.js'
import { startRedis } from '../support/redis.js'

/** Starts an example. Resolves with its port and with the records that it has written. */
async function start(name: string, ...args: string[]) {
  const path = fileURLToPath(new URL(`../../examples/${name}`, import.meta.url))
  const program = new Program(process.execPath, [path, ...args], { env: { PORT: '0' } })
  const [, port] = await program.seen(() => / on 127\.0\.0\.1:(\d+)\n/.exec(program.stdout))
  const records = () =>
    program.stdout.split('\n').flatMap((line) => (/"msg":"connection"/.test(line) ? [JSON.parse(line)] : []))
  const recorded = async () => {
    await program.seen(() => records().length > 0)
    return records().at(-1)
  }
  return { port: port!, recorded }
}

describe.skipIf(areMissing('curl', 'nginx', 'openssl'))('examples/tenant-router.mjs', () => {
  const folder = temporaryFolder()

  it('tenant-router.mjs asks a database for the backend of a tenant, and refuses other clients', async () => {
    const pair = await selfSigned(folder)
    writeFileSync(join(folder, 'file'), 'hello')
    const nginxPort = await startNginx(folder, pair)
    const database = createServer(({ url }, response) =>
      url === '/localhost' ? response.end(`127.0.0.1:${nginxPort}\n`) : response.writeHead(404).end(),
    ).listen(0, '127.0.0.1')
    onTestFinished(() => void database.close())
    await new Promise((resolve) => database.once('listening', resolve))
    const { port: databasePort } = database.address() as { port: number }
    const { port, recorded } = await start('tenant-router.mjs', `http://127.0.0.1:${databasePort}`)
    const curl = (host: string) =>
      run('curl', [
        ...['-sS', '--cacert', pair.cert, '--resolve', `${host}:${port}:127.0.0.1`],
        `https://${host}:${port}/file`,
      ])
    expect(await curl('localhost')).toMatchObject({ code: 0, stdout: 'hello' })
    expect(await recorded()).toMatchObject({
      backend: `127.0.0.1:${nginxPort}`,
      tags: { tenant: 'localhost' },
    })
    expect(await curl('stranger.test')).toMatchObject({ code: 35, stdout: '' })
  })
})

describe.skipIf(areMissing('redis-server', 'redis-cli'))('examples/redis-gateway.mjs', () => {
  const folder = temporaryFolder()

  it('redis-gateway.mjs joins a client with a token to its Redis, and refuses other clients', async () => {
    const redisPort = await freePort()
    await startRedis(folder, redisPort)
    const { port } = await start('redis-gateway.mjs', `s3cret=127.0.0.1:${redisPort}`)
    const ping = (...auth: string[]) => run('redis-cli', ['-p', port, '--no-auth-warning', ...auth, 'PING'])
    expect(await ping('-a', 's3cret')).toMatchObject({ stdout: 'PONG\n' })
    expect((await ping('-a', 'wrong')).stderr).toContain('NOAUTH unknown token')
    expect(await ping('--user', 'app', '-a', 's3cret')).toMatchObject({ stdout: 'PONG\n' })
    const { stdout, stderr } = await ping()
    expect(stdout + stderr).toContain('NOAUTH')
  })
})

const cannotRun =
  areMissing('psql', 'openssl') || (postgresPrograms() === undefined && cannotTest('PostgreSQL'))

describe.skipIf(cannotRun)('examples/postgres-gateway.mjs', () => {
  const folder = temporaryFolder()
  let psql: (host: string, sslmode: string) => ReturnType<typeof run>

  beforeAll(async () => {
    const tls = await selfSigned(folder)
    const { port: postgresPort, stop } = await startPostgres(join(folder, 'pg'), { tls })
    const { port } = await start('postgres-gateway.mjs', `s3cret=127.0.0.1:${postgresPort}`)
    psql = (host, sslmode) =>
      run('psql', [
        ...['-XAt', '-c', 'select ssl from pg_stat_ssl where pid = pg_backend_pid()'],
        `hostaddr=127.0.0.1 host=${host} port=${port} user=postgres dbname=postgres gssencmode=disable sslmode=${sslmode}`,
      ])
    return stop
  })

  it('postgres-gateway.mjs passes the TLS of a client with a token on to its database', async () => {
    expect(await psql('s3cret.db.example.com', 'require')).toMatchObject({ code: 0, stdout: 't\n' })
  })

  it('postgres-gateway.mjs refuses an unknown token, and tells a client without TLS what to do', async () => {
    expect(await psql('wrong.db.example.com', 'require')).toMatchObject({ code: 2, stdout: '' })
    expect((await psql('s3cret.db.example.com', 'disable')).stderr).toContain('use sslmode=require')
  })
})
