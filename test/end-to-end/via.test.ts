/**
 * Clusters behind real forward proxies, with the built command: microsocks and `ssh -D` for SOCKS5, tinyproxy for CONNECT. curl and ssh
 * are the clients, nginx and sshd the servers.
 */
import { createHash, randomBytes } from 'node:crypto'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import type { ClusterInput } from '../../src/config/input.js'
import { selfSigned } from '../support/certificate.js'
import { temporaryFolder } from '../support/folder.js'
import { type Millrace, startWith } from '../support/millrace.js'
import { expectBulk, modes } from '../support/modes.js'
import { startNginx } from '../support/nginx.js'
import { areMissing, freePort, listeningOn, Program, run } from '../support/programs.js'
import type { AccessRecord } from '../support/record-fields.js'
import { startSshd } from '../support/sshd.js'

const BYTES = 4_000_000
const USER = 'millrace'
const PASSWORD = 'hidden-word'
const hasNone = areMissing('microsocks', 'tinyproxy', 'nginx', 'curl', 'ssh', 'sshd', 'setpriv', 'openssl')

/** Starts a program that listens on a port of its own. */
async function started(name: string, argsFor: (port: number) => readonly string[]): Promise<number> {
  const port = await freePort()
  await listeningOn(port, new Program(name, argsFor(port)))
  return port
}

const startMicrosocks = () =>
  started('microsocks', (port) => ['-i', '127.0.0.1', '-p', `${port}`, '-u', USER, '-P', PASSWORD])

const startTinyproxy = (folder: string, mayConnectTo: readonly number[]) =>
  started('tinyproxy', (port) => {
    const lines = [
      `Port ${port}`,
      'Listen 127.0.0.1',
      `BasicAuth ${USER} ${PASSWORD}`,
      ...mayConnectTo.map((each) => `ConnectPort ${each}`),
    ]
    const file = join(folder, 'tinyproxy.conf')
    writeFileSync(file, `${lines.join('\n')}\n`)
    return ['-d', '-c', file]
  })

describe.skipIf(hasNone)('real forward proxies', () => {
  const folder = temporaryFolder()
  const passwordFile = join(folder, 'password')
  let proxies: Readonly<Record<'microsocks' | 'tinyproxy' | 'ssh -D', ClusterInput['via']>>
  let site: string
  let ssh: string
  let login: readonly string[]
  let closed: string
  let pair: { cert: string; key: string }

  beforeAll(async () => {
    // sshd runs as another user, and must be able to enter this folder.
    chmodSync(folder, 0o755)
    writeFileSync(passwordFile, `${PASSWORD}\n`)
    writeFileSync(join(folder, 'file'), randomBytes(BYTES))
    const sshd = await startSshd(join(folder, 'ssh'))
    login = sshd.login
    pair = await selfSigned(folder)
    const [sitePort, closedPort] = [await startNginx(folder, pair), await freePort()]
    ;[site, ssh, closed] = [`localhost:${sitePort}`, `127.0.0.1:${sshd.port}`, `127.0.0.1:${closedPort}`]
    const [socks, http, dynamic] = [
      await startMicrosocks(),
      await startTinyproxy(folder, [sitePort, sshd.port, closedPort]),
      await started('ssh', (port) => ['-N', '-D', `127.0.0.1:${port}`, '-p', `${sshd.port}`, ...login]),
    ]
    proxies = {
      microsocks: `socks5://${USER}:${PASSWORD}@localhost:${socks}`,
      tinyproxy: { http: `127.0.0.1:${http}`, user: USER, passwordFile },
      'ssh -D': { socks5: `127.0.0.1:${dynamic}` },
    }
  })

  /** One listener for each cluster, with the same name. */
  const start = (clusters: Readonly<Record<string, ClusterInput>>, mode = modes()[0]!) => {
    const listeners = Object.keys(clusters).map((cluster) => ({
      name: cluster,
      address: '127.0.0.1:0',
      cluster,
    }))
    return startWith(folder, { listeners, clusters }, mode)
  }
  const recordOf = async (millrace: Millrace, name: string): Promise<AccessRecord> =>
    (await millrace.logged((line) => line.msg === 'connection' && line.listener === name)) as never
  const sshThrough = (port: number | undefined, input: Buffer) =>
    run('ssh', ['-p', `${port}`, ...login, 'sha256sum'], { input })

  it.each(modes().filter(({ splice, native }) => splice === 'on' || native === 'off'))(
    'curl gets a file by HTTPS through microsocks, tinyproxy and ssh -D, moved as ever with $name',
    async (mode) => {
      const names = Object.keys(proxies) as (keyof typeof proxies)[]
      const clusters = names.map((name, index) => [`back-${index}`, { backends: [site], via: proxies[name] }])
      const inside = {
        backends: [site],
        via: proxies.tinyproxy,
        tls: { ca: pair.cert, serverName: 'localhost' },
      }
      const { millrace, ports } = await start({ ...Object.fromEntries(clusters), inside }, mode)
      const file = (cluster: string) => join(folder, `got-${cluster}-${mode.native}`)
      const url = (cluster: string) => `https://localhost:${ports[cluster]}/file`
      const got = await Promise.all(
        names
          .map((_, index) => `back-${index}`)
          .map((cluster) =>
            run('curl', ['-sS', '-k', '--connect-to', '::127.0.0.1:', '-o', file(cluster), url(cluster)]),
          ),
      )
      for (const each of got) expect(each).toMatchObject({ code: 0, stderr: '' })
      for (const [index, name] of names.entries()) {
        const cluster = `back-${index}`
        expect(readFileSync(file(cluster)).equals(readFileSync(join(folder, 'file')))).toBe(true)
        const record = await recordOf(millrace, cluster)
        expect(record).toMatchObject({ backend: site, termination: '--' })
        expect(record.via).toMatch(name === 'tinyproxy' ? /^http:\/\/127/ : /^socks5:\/\//)
        expectBulk([record], mode)
      }
      // Here millrace itself speaks TLS inside the tunnel.
      const plain = await run('curl', ['-sS', '-o', file('inside'), `http://127.0.0.1:${ports.inside}/file`])
      expect(plain).toMatchObject({ code: 0, stderr: '' })
      expect(readFileSync(file('inside')).length).toBe(BYTES)
      expect(millrace.program.stdout).not.toContain(PASSWORD)
    },
  )

  it('ssh logs in through microsocks and tinyproxy, although its server speaks first and another backend refuses', async () => {
    const via = (name: 'microsocks' | 'tinyproxy') => ({ backends: [closed, ssh], via: proxies[name] })
    const { millrace, ports } = await start({ socks: via('microsocks'), http: via('tinyproxy') })
    const input = randomBytes(200_000)
    const digest = `${createHash('sha256').update(input).digest('hex')}  -\n`
    const both = [sshThrough(ports.socks, input), sshThrough(ports.http, input)]
    for (const { stdout } of await Promise.all(both)) expect(stdout).toBe(digest)
    for (const name of ['socks', 'http'])
      expect(await recordOf(millrace, name)).toMatchObject({ backend: ssh, retries: 1, termination: '--' })
  })

  it('the records of clients that a real forward proxy turns away say why', async () => {
    const [socks] = [proxies.microsocks as string]
    const http = proxies.tinyproxy as { http: string }
    const other = await freePort()
    const { millrace, ports } = await start({
      'wrong-socks': { backends: [site], via: socks.replace(PASSWORD, 'wrong') },
      'no-socks': { backends: [site], via: socks.replace(`${USER}:${PASSWORD}@`, '') },
      'wrong-http': {
        backends: [site],
        via: { ...http, user: USER, password: 'wrong', passwordFile: undefined },
      },
      'no-http': { backends: [site], via: `http://${http.http}` },
      forbidden: { backends: [`localhost:${other}`], via: proxies.tinyproxy },
      refused: { backends: [closed], via: proxies.microsocks },
      unable: { backends: [closed], via: proxies.tinyproxy },
      nameless: { backends: ['no-such-name.invalid:80'], via: proxies.microsocks },
    })
    await Promise.all(
      Object.values(ports).map((port) => run('curl', ['-s', '-m', '20', `http://127.0.0.1:${port}/`])),
    )
    const told = await Promise.all(
      Object.keys(ports).map(async (name) => {
        const { by, cause, errno } = (await recordOf(millrace, name)).ended
        return [name, by, cause, errno]
      }),
    )
    expect(told).toEqual([
      ['wrong-socks', 'proxy', 'via: it refuses the credentials', 'EACCES'],
      ['no-socks', 'proxy', 'via: it asks for credentials', 'EACCES'],
      ['wrong-http', 'proxy', 'via: it refuses the credentials', 'EACCES'],
      ['no-http', 'proxy', 'via: it asks for credentials', 'EACCES'],
      ['forbidden', 'proxy', 'via: not allowed by its rules', 'EACCES'],
      ['refused', 'backend', 'no-backend', 'ECONNREFUSED'],
      ['unable', 'backend', 'no-backend', 'CONNECT_500'],
      ['nameless', 'backend', 'no-backend', 'EREMOTEIO'],
    ])
  })
})
