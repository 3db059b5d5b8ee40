/** TLS that ends at millrace, and TLS that begins there: curl and openssl in front, nginx behind. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { selfSigned } from '../support/certificate.js'
import { temporaryFolder } from '../support/folder.js'
import { type Millrace, startWith } from '../support/millrace.js'
import { modes, WITHOUT_NATIVE } from '../support/modes.js'
import { startNginx } from '../support/nginx.js'
import { areMissing, Program, run } from '../support/programs.js'

const BYTES = 100_000_000
/** TLS streams are never spliced, so two modes are enough. */
const MODES = [...new Set([modes()[0]!, WITHOUT_NATIVE])]

describe.skipIf(areMissing('nginx', 'openssl', 'curl')).each(MODES)('TLS ends and begins, $name', (mode) => {
  const folder = temporaryFolder()
  let millrace: Millrace
  let ports: Readonly<Record<string, number>>
  let pair: { cert: string; key: string }

  beforeAll(async () => {
    pair = await selfSigned(folder)
    writeFileSync(join(folder, 'file'), Buffer.alloc(BYTES, 'a file of some length, '))
    const secure = join(folder, 'secure')
    mkdirSync(secure)
    writeFileSync(join(secure, 'name'), 'secure')
    const backend = await selfSigned(secure)
    const config = {
      listeners: [
        { name: 'ends', address: '127.0.0.1:0', tls: { ...pair, alpn: ['http/1.1'] }, cluster: 'plain' },
        { name: 'begins', address: '127.0.0.1:0', cluster: 'tls' },
        { name: 'both', address: '127.0.0.1:0', tls: pair, cluster: 'tls' },
        { name: 'distrusts', address: '127.0.0.1:0', cluster: 'distrusted' },
        { name: 'wrong', address: '127.0.0.1:0', cluster: 'misnamed' },
        { name: 'odd', address: '127.0.0.1:0', cluster: 'plainAsTls' },
      ],
      clusters: {
        plain: { backends: [`127.0.0.1:${await startNginx(folder)}`] },
        tls: { backends: [`127.0.0.1:${await startNginx(secure, backend)}`], tls: { ca: backend.cert } },
        distrusted: { backends: [] as string[], tls: {} },
        misnamed: { backends: [] as string[], tls: { ca: backend.cert, serverName: 'other.test' } },
        plainAsTls: { backends: [] as string[], tls: {} },
      },
    }
    config.clusters.distrusted.backends = config.clusters.tls.backends
    config.clusters.misnamed.backends = config.clusters.tls.backends
    config.clusters.plainAsTls.backends = config.clusters.plain.backends
    ;({ millrace, ports } = await startWith(folder, config, mode))
  })

  const curl = (scheme: string, name: string, path: string, ...more: string[]) =>
    run('curl', ['-sS', '--cacert', pair.cert, ...more, `${scheme}://localhost:${ports[name]}/${path}`])

  const caused = (cause: RegExp) =>
    millrace.logged(({ ended }) => cause.test((ended as { cause?: string } | undefined)?.cause ?? ''))

  it('curl gets 100 MB unchanged by TLS that ends at millrace', async () => {
    const received = join(folder, 'received')
    expect(await curl('https', 'ends', 'file', '-o', received)).toMatchObject({ code: 0, stderr: '' })
    expect(readFileSync(received).equals(readFileSync(join(folder, 'file')))).toBe(true)
    const record = await millrace.logged((line) => Number(line.bytesDown) > BYTES)
    expect(record).toMatchObject({
      protocol: 'TLS',
      sni: 'localhost',
      alpn: ['http/1.1'],
      tls: { version: 'TLSv1.3' },
      notSplicing: 'not-a-plain-socket',
      splicedDown: 0,
    })
  })

  it.each(['1.2', '1.3'])('millrace speaks TLS %s with curl', async (version) => {
    const exactly = [`--tlsv${version}`, '--tls-max', version]
    expect(await curl('https', 'ends', 'secure/name', ...exactly)).toMatchObject({
      code: 0,
      stdout: 'secure',
    })
    await millrace.logged(
      ({ tls }) => (tls as { version?: string } | undefined)?.version === `TLSv${version}`,
    )
  })

  it('millrace refuses TLS 1.1', async () => {
    const args = ['s_client', '-connect', `127.0.0.1:${ports.ends}`, '-tls1_1', '-cipher', 'ALL@SECLEVEL=0']
    expect((await run('openssl', args)).code).not.toBe(0)
    await caused(/^tls-handshake: ERR_SSL_/)
  })

  it('millrace speaks TLS with openssl s_client', async () => {
    const args = ['s_client', '-connect', `127.0.0.1:${ports.ends}`, '-servername', 'localhost', '-quiet']
    const client = new Program('openssl', [...args, '-CAfile', pair.cert, '-verify_return_error'])
    client.child.stdin.write('GET /secure/name HTTP/1.0\r\n\r\n')
    await client.seen(() => client.stdout.endsWith('secure'))
    await client.kill()
  })

  it('millrace begins TLS to a backend in the version that the backend speaks', async () => {
    expect(await curl('http', 'begins', 'name')).toMatchObject({ code: 0, stdout: 'secure' })
    await millrace.logged(
      ({ backendTls }) => (backendTls as { version?: string } | undefined)?.version === 'TLSv1.2',
    )
  })

  it('TLS ends at millrace and begins again in one connection', async () => {
    expect(await curl('https', 'both', 'name')).toMatchObject({ code: 0, stdout: 'secure' })
  })

  it.each([
    ['with a certificate of an unknown signer', 'distrusts', /^backend-tls: (DEPTH_ZERO_)?SELF_SIGNED_CERT/],
    ['with a certificate for another name', 'wrong', /^backend-tls: ERR_TLS_CERT_ALTNAME_INVALID$/],
    ['that does not speak TLS', 'odd', /^backend-tls: ERR_SSL_/],
  ])('millrace refuses a TLS backend %s', async (_, name, cause) => {
    const { code, stdout } = await curl('http', name, 'name')
    expect(code).not.toBe(0)
    expect(stdout).toBe('')
    const { ended } = await caused(cause)
    expect(ended).toMatchObject({ by: 'backend', phase: 'response' })
  })

  it('a TLS listener refuses plain HTTP', async () => {
    expect((await curl('http', 'ends', 'name')).code).not.toBe(0)
    await caused(/^bad-hello: not TLS$/)
  })
})
