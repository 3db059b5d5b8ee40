/** Checks of real servers: Redis, PostgreSQL, nginx, openssl, and a mail server as a shell plays it. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import type { ProbeTarget, ScriptStep } from '../../src/probes/check.js'
import { selfSigned } from '../support/certificate.js'
import { temporaryFolder } from '../support/folder.js'
import { runNginx } from '../support/nginx.js'
import { postgresPrograms, startPostgres } from '../support/postgres.js'
import { areMissing, cannotTest, freePort, listeningOn, Program } from '../support/programs.js'
import { expected, HTTP, script, TCP, TLS, TLS_SETTING, targetAt, told } from './rig.js'

const folder = temporaryFolder()
let pair: Awaited<ReturnType<typeof selfSigned>>
const trusting = (): Pick<ProbeTarget, 'tls'> => ({ tls: { ...TLS_SETTING, ca: pair.cert } })

beforeAll(async () => {
  pair = await selfSigned(folder)
})

async function started(name: string, args: (port: number) => readonly string[]): Promise<number> {
  const port = await freePort()
  await listeningOn(port, new Program(name, args(port), { cwd: folder }))
  return port
}

describe.skipIf(areMissing('redis-server'))('Redis', () => {
  const redis = (...more: string[]) =>
    started('redis-server', (port) => ['--port', String(port), '--bind', '127.0.0.1', '--save', '', ...more])

  it('a script check of Redis passes for PONG, and tells a primary from a replica', async () => {
    const primary = await redis()
    const replica = await redis('--replicaof', '127.0.0.1', String(primary))
    const ping = script({ send: 'PING\r\n' }, expected('+PONG', 0))
    const isPrimary = script({ send: 'ROLE\r\n' }, expected('*3\r\n$6\r\nmaster', 0))
    expect(await told(ping, targetAt(primary))).toBe('+L7OK')
    expect(await told(ping, targetAt(replica))).toBe('+L7OK')
    expect(await told(isPrimary, targetAt(primary))).toBe('+L7OK')
    const refused = 'L7RSP (expected "*3\\r\\n$6\\r\\nmaster", got "*5\\r\\n$5\\r\\nslave'
    expect(await told(isPrimary, targetAt(replica))).toContain(refused)
  })

  it('a script check of Redis fails with L7RSP if the password is missing', async () => {
    const port = await redis('--requirepass', 'secret')
    const ping = { send: 'PING\r\n' }
    expect(await told(script(ping, expected('+PONG', 0)), targetAt(port))).toMatch(/^L7RSP .*got "-NOAUTH /)
    const auth = [{ send: 'AUTH secret\r\n' }, expected('+OK', 0), ping, expected('+PONG', 0)]
    expect(await told(script(...auth), targetAt(port))).toBe('+L7OK')
  })
})

const isMissing = postgresPrograms() === undefined && cannotTest('not installed: postgresql')
describe.skipIf(isMissing)('PostgreSQL', () => {
  const SSL_REQUEST: ScriptStep = { send: '\0\0\0\x08\x04\xd2\x16\x2f' }
  const parameters = 'user\0postgres\0\0'
  const START_UP: ScriptStep = {
    send: `\0\0\0${String.fromCharCode(8 + parameters.length)}\0\x03\0\0${parameters}`,
  }

  it('checks of PostgreSQL pass for its answers to SSLRequest and start-up, and inside TLS', async () => {
    const { port, stop } = await startPostgres(join(folder, 'postgres'), { tls: pair })
    expect(await told(script(SSL_REQUEST, expected('S', 0)), targetAt(port))).toBe('+L7OK')
    expect(await told(script(SSL_REQUEST, expected('N', 0)), targetAt(port))).toBe(
      'L7RSP (expected "N", got "S")',
    )
    expect(await told(script(START_UP, expected('R', 0)), targetAt(port))).toBe('+L7OK')
    const inTls = targetAt(port, { ...trusting(), startTls: 'postgres' })
    expect(await told(TLS, inTls)).toBe('+L6OK')
    expect(await told(script(START_UP, expected('R', 0)), inTls)).toBe('+L7OK')
    expect(await told(HTTP, targetAt(port))).toMatch(/^L7RSP \(/)
    await stop()
  })
})

describe.skipIf(areMissing('nginx'))('nginx', () => {
  it('checks of nginx pass with the right status, in TLS, and behind PROXY headers', async () => {
    const [plain, secure, behind] = [await freePort(), await freePort(), await freePort()]
    const tls = `ssl_certificate ${pair.cert}; ssl_certificate_key ${pair.key};`
    writeFileSync(join(folder, 'big'), Buffer.alloc(4 * 1024 ** 2))
    const http = `server {
      listen 127.0.0.1:${plain};
      listen 127.0.0.1:${secure} ssl;
      listen 127.0.0.1:${behind} proxy_protocol;
      ${tls}
      root ${folder};
      location /up { return 204; }
      location /down { return 503; }
      location /host { if ($host = app.test) { return 200; } return 421; }
    }`
    await runNginx(folder, { http }, [plain, secure, behind])
    const at = (path: string) => ({ ...HTTP, path })
    expect(await told(at('/up'), targetAt(plain))).toBe('+L7OK (status 204)')
    expect(await told(at('/down'), targetAt(plain))).toBe('L7STS (status 503)')
    expect(await told(at('/big'), targetAt(plain))).toBe('+L7OK (status 200)')
    expect(await told({ ...at('/big'), method: 'HEAD' }, targetAt(plain))).toBe('+L7OK (status 200)')
    expect(await told({ ...at('/host'), host: 'app.test' }, targetAt(plain))).toBe('+L7OK (status 200)')
    expect(await told(at('/host'), targetAt(plain))).toBe('L7STS (status 421)')
    expect(await told(at('/up'), targetAt(secure, trusting()))).toBe('+L7OK (status 204)')
    expect(await told(at('/up'), targetAt(secure))).toBe('L7STS (status 400)')
    for (const sendProxy of ['v1', 'v2'] as const)
      expect(await told(at('/up'), targetAt(behind, { sendProxy }))).toBe('+L7OK (status 204)')
    expect(await told(at('/up'), targetAt(behind))).toBe('L7RSP (closed by the backend: no answer)')
  })
})

describe.skipIf(areMissing('openssl'))('openssl s_server', () => {
  it('tls and http checks of openssl s_server pass, and a plain one fails', async () => {
    const port = await started('openssl', (at) => {
      return [
        's_server',
        '-accept',
        `127.0.0.1:${at}`,
        '-cert',
        pair.cert,
        '-key',
        pair.key,
        '-www',
        '-quiet',
      ]
    })
    expect(await told(TLS, targetAt(port, trusting()))).toBe('+L6OK')
    expect(await told(HTTP, targetAt(port, trusting()))).toBe('+L7OK (status 200)')
    expect(await told(HTTP, targetAt(port))).toMatch(/^L7RSP \(/)
    expect(await told(TCP, targetAt(port))).toBe('+L4OK')
  })
})

describe.skipIf(areMissing('socat', 'sh'))('a mail server', () => {
  it('a script check of a mail server passes after its banner, EHLO and QUIT', async () => {
    const dialogue = `printf '220 mail.test ready\\r\\n'; read -r hello; printf '250-mail.test\\r\\n250 SIZE\\r\\n'; read -r quit; printf '221 bye\\r\\n'`
    const file = join(folder, 'mail.sh')
    writeFileSync(file, dialogue)
    const port = await started('socat', (at) => [
      `TCP-LISTEN:${at},bind=127.0.0.1,reuseaddr,fork`,
      `SYSTEM:sh ${file}`,
    ])
    const hello = [expected('220 ', 0), { send: 'EHLO check\r\n' }, expected('250 SIZE')]
    const whole = script(...hello, { send: 'QUIT\r\n' }, expected('221', 0))
    expect(await told(whole, targetAt(port))).toBe('+L7OK')
    expect(await told(script(expected('554', 0)), targetAt(port))).toBe(
      'L7RSP (expected "554", got "220 mail.test ready\\r\\n")',
    )
  })
})
