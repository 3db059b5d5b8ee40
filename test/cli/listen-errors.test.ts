/** An address that cannot be listened on: one line that names the listener and says what to do, and nothing runs. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Backend } from '../support/backend.js'
import { temporaryFolder } from '../support/folder.js'
import { runMillrace, startWith, writeConfig } from '../support/millrace.js'
import { connectTo } from '../support/peer.js'
import { areMissing, freePort } from '../support/programs.js'

const PRIVILEGED_PORT = 81
/** RFC 5737: for documentation, so no interface has it. */
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
    ['alone', []],
    ['with two workers', ['--workers', '2']],
  ])('ends with 1 when the port is taken, %s', async (_name, more) => {
    const result = await runMillrace(listen(taken.address, ...more), { native })
    expect(result).toMatchObject({ code: 1, stdout: '' })
    expect(result.stderr).toBe(
      `millrace: listener ${taken.address}: cannot listen on ${taken.address}: EADDRINUSE, ` +
        'another process listens there: stop it or choose another port\n',
    )
  })

  it.each([
    ['alone', []],
    ['with two workers', ['--workers', '2']],
  ])('ends with 1 when no interface has the address, %s', async (_name, more) => {
    const result = await runMillrace(listen(`${NOBODYS_ADDRESS}:7000`, ...more), { native })
    expect(result).toMatchObject({ code: 1, stdout: '' })
    expect(result.stderr).toMatch(
      /^millrace: listener 192\.0\.2\.1:7000: .*EADDRNOTAVAIL, no interface of this machine has that address\n$/,
    )
  })

  it.skipIf(areMissing('setpriv') || hasNoPrivilegedPorts())(
    'ends with 1 when the port is privileged and the process is not',
    async () => {
      // The capability is what counts, not the uid: without it even root is turned away.
      const without = '-net_bind_service'
      const through = ['setpriv', '--inh-caps', without, ...(isRoot() ? ['--bounding-set', without] : [])]
      const result = await runMillrace(listen(`127.0.0.1:${PRIVILEGED_PORT}`), { native, through })
      expect(result).toMatchObject({ code: 1, stdout: '' })
      expect(result.stderr).toMatch(
        /^millrace: listener 127\.0\.0\.1:81: .*EACCES, not permitted: ports below 1024 need CAP_NET_BIND_SERVICE.*\n$/,
      )
    },
  )

  it.each([1, 2])('ends with 1 when a live unix socket has the path, with %i workers', async (workers) => {
    const path = join(folder, `live-${native}-${workers}`)
    const live = await Backend.listen({ path })
    const result = await runMillrace(listen(`unix:${path}`, '--workers', String(workers)), { native })
    await live.close()
    expect(result).toMatchObject({ code: 1, stdout: '' })
    expect(result.stderr).toMatch(/^millrace: listener unix:.*EADDRINUSE, another process listens there.*\n$/)
  })

  it('ends with 1 when the second listener is bad, and the first is gone with it', async () => {
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

  it.each([1, 2])('serves 0.0.0.0 and [::] of one port, with %i workers', async (workers) => {
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

  // Workers with the addon share every address (SO_REUSEPORT), so one that includes another is in nobody's way.
  it.each(native === 'off' ? [1, 2] : [1])(
    'ends with 1 where an address includes another of the config, with %i workers',
    async (workers) => {
      const port = await freePort()
      const config = writeConfig(folder, {
        workers,
        listeners: [
          { name: 'all', address: `0.0.0.0:${port}`, cluster: 'any' },
          { name: 'one', address: `127.0.0.1:${port}`, cluster: 'any' },
        ],
        clusters: { any: { backends: ['127.0.0.1:9'] } },
      })
      const result = await runMillrace(['--config', config], { native })
      expect(result.code).toBe(1)
      expect(result.stderr).toMatch(/^millrace: listener one: .*give one of them another address or port\n$/)
    },
  )
})

const isRoot = (): boolean => process.getuid?.() === 0

function hasNoPrivilegedPorts(): boolean {
  const first = Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8'))
  if (first > PRIVILEGED_PORT) return false
  console.log(`skipped: this machine has no privileged ports from ${first} on`)
  return true
}
