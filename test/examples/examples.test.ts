/** The examples run unchanged, with the programs that their users have. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import type { PipeRecord } from '../../src/pipe/options.js'
import { selfSigned } from '../support/certificate.js'
import { temporaryFolder } from '../support/folder.js'
import { runMillrace } from '../support/millrace.js'
import { startNginx } from '../support/nginx.js'
import { connectTo } from '../support/peer.js'
import { areMissing, freePort, Program, run } from '../support/programs.js'

const example = (name: string): string => fileURLToPath(new URL(`../../examples/${name}`, import.meta.url))
const BYTES = 20_000_000

describe.each(['load-balancer.yaml', 'front-door.yaml', 'one-port.yaml', 'egress.yaml', 'via.yaml'])(
  'examples/%s',
  (name) => {
    it(`\`millrace check\` accepts examples/${name}`, async () => {
      const path = example(name)
      expect(await runMillrace(['check', '--config', path])).toMatchObject({
        code: 0,
        stdout: `${path} is good\n`,
        stderr: '',
      })
    })
  },
)

describe.skipIf(areMissing('curl', 'nginx', 'openssl')).each([
  ['with the addon', undefined],
  ['with native off', 'off'],
] as const)('examples/connect-proxy.mjs %s', (_, native) => {
  const folder = temporaryFolder()
  let nginxPort: number
  let address: string
  let curl: (url: string, ...more: string[]) => ReturnType<typeof run>
  let proxy: Program

  beforeAll(async () => {
    const pair = await selfSigned(folder)
    writeFileSync(join(folder, 'file'), Buffer.alloc(BYTES, 'example '))
    nginxPort = await startNginx(folder, pair)
    proxy = new Program(process.execPath, [example('connect-proxy.mjs'), '0'], {
      env: { MILLRACE_NATIVE: native },
    })
    address = (await proxy.seen(() => /on (\S+)\n/.exec(proxy.stdout)))[1]!
    curl = (url, ...more) =>
      run('curl', ['-sS', '-x', `http://${address}`, '--cacert', pair.cert, ...more, url])
  })

  const records = (): (PipeRecord & { target: string })[] =>
    proxy.stdout
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line))

  it('connect-proxy.mjs has at most 32 lines of code', () => {
    const code = readFileSync(example('connect-proxy.mjs'), 'utf8').split('*/')[1]!
    expect(code.trim().split('\n').length).toBeLessThanOrEqual(32)
  })

  it('connect-proxy.mjs carries https between curl and nginx and prints the record', async () => {
    const received = join(folder, 'received')
    const { code, stderr } = await curl(`https://127.0.0.1:${nginxPort}/file`, '-o', received)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(readFileSync(received).equals(readFileSync(join(folder, 'file')))).toBe(true)
    await proxy.seen(() => records().length === 1)
    const [record] = records()
    expect(record!.target).toBe(`127.0.0.1:${nginxPort}`)
    // If both ends of TLS close at once, the end that is gone first may answer with a reset.
    expect(record!.ended.cause).toMatch(/^(finished|reset)$/)
    expect(record!.bytesDown).toBeGreaterThan(BYTES)
    expect(record!.bytesUp).toBeGreaterThan(0)
    if (native === 'off') expect(record).toMatchObject({ splicedDown: 0, notSplicing: 'switched-off' })
    else expect(record!.splicedDown).toBeGreaterThan(0)
  })

  it('connect-proxy.mjs answers 400 to a bad target and goes on', async () => {
    const client = await connectTo({ kind: 'tcp', host: '127.0.0.1', port: Number(address.split(':')[1]) })
    client.send(Buffer.from('CONNECT [:99999 HTTP/1.1\r\nhost: x\r\n\r\n'))
    expect(await client.ended).toBe('fin')
    expect(client.received.toString()).toMatch(/^HTTP\/1\.1 400 /)
    client.end()
  })

  it('connect-proxy.mjs answers 502 if nobody listens, and 405 to anything but CONNECT', async () => {
    const nobody = await curl(`https://127.0.0.1:${await freePort()}/`)
    expect(nobody.stderr).toMatch(/response 502|code 502/)
    const plain = await curl(`http://127.0.0.1:${nginxPort}/`, '-w', '%{http_code}')
    expect(plain.stdout).toBe('CONNECT only\n405')
  })
})

describe.skipIf(areMissing('curl', 'nginx', 'openssl')).each([
  ['with the addon', undefined],
  ['with native off', 'off'],
] as const)('examples/tenants.mjs %s', (_, native) => {
  const folder = temporaryFolder()
  let curl: (host: string) => ReturnType<typeof run>

  beforeAll(async () => {
    const pair = await selfSigned(folder)
    writeFileSync(join(folder, 'file'), 'hello')
    const nginxPort = await startNginx(folder, pair)
    const gateway = new Program(
      process.execPath,
      [example('tenants.mjs'), `localhost=127.0.0.1:${nginxPort}`],
      { env: { MILLRACE_NATIVE: native, PORT: '0' } },
    )
    const [, port] = await gateway.seen(() => /on 127\.0\.0\.1:(\d+)\n/.exec(gateway.stdout))
    curl = (host) =>
      run('curl', [
        ...['-sS', '--cacert', pair.cert, '--resolve', `${host}:${port}:127.0.0.1`],
        `https://${host}:${port}/file`,
      ])
  })

  it('tenants.mjs sends a tenant to its backend by name, in capitals too', async () => {
    expect(await curl('localhost')).toMatchObject({ code: 0, stdout: 'hello' })
    expect(await curl('LOCALHOST')).toMatchObject({ code: 0, stdout: 'hello' })
  })

  it('tenants.mjs refuses a client that asks for an unknown name', async () => {
    expect(await curl('stranger.test')).toMatchObject({ code: 35, stdout: '' })
  })
})
