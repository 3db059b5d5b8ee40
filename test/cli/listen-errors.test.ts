/** millrace cannot listen on an address: it prints one line that names the listener and what to do, and exits. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Backend } from '../support/backend.js'
import { temporaryFolder } from '../support/folder.js'
import { runMillrace, startWith, writeConfig } from '../support/millrace.js'
import { connectTo } from '../support/peer.js'
import { areMissing, freePort } from '../support/programs.js'

const PRIVILEGED_PORT = 81
/** RFC 5737 reserves it for documentation, so no interface has it. */
const NOBODYS_ADDRESS = '192.0.2.1'

const folder = temporaryFolder()

describe.each([
  ['with the addon', undefined],
  ['with native off', 'off'],
] as const)('the command %s', (_, native) => {
  let taken: Backend

  beforeAll(async () => {
    taken = await Backend.listen()
  })
  afterAll(() => taken.close())

  const listen = (address: string, ...more: string[]) => ['--listen', address, '--to', '127.0.0.1:9', ...more]

  it.each([
    ['with one process', []],
    ['with two workers', ['--workers', '2']],
  ])('millrace %s exits with 1 if another process has the port', async (_name, more) => {
    const result = await runMillrace(listen(taken.address, ...more), { native })
    expect(result).toMatchObject({ code: 1, stdout: '' })
    expect(result.stderr).toBe(
      `millrace: listener ${taken.address}: cannot listen on ${taken.address}: EADDRINUSE, ` +
        'another process listens there: stop it or choose another port\n',
    )
  })

  it.each([
    ['with one process', []],
    ['with two workers', ['--workers', '2']],
  ])('millrace %s exits with 1 if no interface has the address', async (_name, more) => {
    const result = await runMillrace(listen(`${NOBODYS_ADDRESS}:7000`, ...more), { native })
    expect(result).toMatchObject({ code: 1, stdout: '' })
    expect(result.stderr).toMatch(
      /^millrace: listener 192\.0\.2\.1:7000: .*EADDRNOTAVAIL, no interface of this machine has that address\n$/,
    )
  })

  it.skipIf(areMissing('setpriv') || hasNoPrivilegedPorts())(
    'millrace without CAP_NET_BIND_SERVICE exits with 1 if the port is privileged',
    async () => {
      // The kernel looks at the capability, not at the uid. It refuses even root without it.
      const without = '-net_bind_service'
      const through = ['setpriv', '--inh-caps', without, ...(isRoot() ? ['--bounding-set', without] : [])]
      const result = await runMillrace(listen(`127.0.0.1:${PRIVILEGED_PORT}`), { native, through })
      expect(result).toMatchObject({ code: 1, stdout: '' })
      expect(result.stderr).toMatch(
        /^millrace: listener 127\.0\.0\.1:81: .*EACCES, not permitted: ports below 1024 need CAP_NET_BIND_SERVICE.*\n$/,
      )
    },
  )

  it.each([1, 2])(
    'millrace exits with 1 if another process listens on the unix socket (workers: %i)',
    async (workers) => {
      const path = join(folder, `live-${native}-${workers}`)
      const live = await Backend.listen({ path })
      const result = await runMillrace(listen(`unix:${path}`, '--workers', String(workers)), { native })
      await live.close()
      expect(result).toMatchObject({ code: 1, stdout: '' })
      expect(result.stderr).toMatch(
        /^millrace: listener unix:.*EADDRINUSE, another process listens there.*\n$/,
      )
    },
  )

  it('millrace exits with 1 if its second listener cannot listen, although the first can', async () => {
    const config = writeConfig(folder, {
      listeners: [
        { name: 'first', address: '127.0.0.1:0', cluster: 'any' },
        { name: 'second', address: taken.address, cluster: 'any' },
      ],
      clusters: { any: { backends: ['127.0.0.1:9'] } },
    })
    const result = await runMillrace(['--config', config], { native })
    expect(result.code).toBe(1)
    expect(result.stderr).toMatch(/^millrace: listener second: cannot listen on .*\n$/)
    expect(result.stdout.trimEnd().split('\n')).toHaveLength(1)
    expect(result.stdout).toContain('"listener":"first"')
  })

  it.each([1, 2])('millrace serves 0.0.0.0 and [::] on the same port (workers: %i)', async (workers) => {
    const port = await freePort()
    const backends = [(await Backend.listen()).echo(), (await Backend.listen()).echo()]
    const [ipv4, ipv6] = backends.map(({ address }) => address) as [string, string]
    const { millrace } = await startWith(
      folder,
      {
        workers,
        listeners: [
          { name: 'ipv4', address: `0.0.0.0:${port}`, cluster: 'ipv4' },
          { name: 'ipv6', address: `[::]:${port}`, cluster: 'ipv6' },
        ],
        clusters: { ipv4: { backends: [ipv4] }, ipv6: { backends: [ipv6] } },
      },
      { native, splice: 'auto' },
    )
    for (const [index, host] of ['127.0.0.1', '::1'].entries()) {
      const client = await connectTo({ kind: 'tcp', host, port })
      client.send(Buffer.from('hello'))
      await client.receive(5)
      client.end()
      expect(backends.map(({ peers }) => peers.length)).toEqual(index === 0 ? [1, 0] : [1, 1])
    }
    await millrace.stop()
    await Promise.all(backends.map((backend) => backend.close()))
  })

  it('millrace exits with 78 if the address of one listener includes that of another', async () => {
    const port = await freePort()
    const config = writeConfig(folder, {
      listeners: [
        { name: 'all', address: `0.0.0.0:${port}`, cluster: 'any' },
        { name: 'one', address: `127.0.0.1:${port}`, cluster: 'any' },
      ],
      clusters: { any: { backends: ['127.0.0.1:9'] } },
    })
    const result = await runMillrace(['--config', config], { native })
    expect(result.code).toBe(78)
    expect(result.stderr).toContain(
      `127.0.0.1:${port} and 0.0.0.0:${port} at listeners[0].address include each other`,
    )
  })
})

const isRoot = (): boolean => process.getuid?.() === 0

function hasNoPrivilegedPorts(): boolean {
  const first = Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8'))
  if (first > PRIVILEGED_PORT) return false
  console.log(`skipped: this machine has no privileged ports from ${first} on`)
  return true
}
