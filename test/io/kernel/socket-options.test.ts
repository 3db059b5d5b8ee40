/** Options of real sockets, as ss(8) shows them: of a listener, of its clients, and of a connect. */
import { spawnSync } from 'node:child_process'
import { afterEach, describe, expect, it } from 'vitest'
import type { TcpAddress } from '../../../src/address.js'
import { createEngine, kernelLoop } from '../../../src/io/choose-engine.js'
import type { Listening } from '../../../src/io/engine.js'
import { KernelLoop } from '../../../src/io/kernel/kernel-loop.js'
import { usualCongestion } from '../../../src/io/kernel/native.js'
import { whyNotSet } from '../../../src/io/kernel/socket-probe.js'
import { changeOptions } from '../../../src/io/kernel/socket-setup.js'
import type { Socket } from '../../../src/io/socket.js'
import type { DialSetup, SocketOptions } from '../../../src/io/socket-options.js'
import { closedPort } from '../../support/closed-port.js'
import { areMissing, cannotTest } from '../../support/programs.js'

const isTestable =
  (kernelLoop() instanceof KernelLoop || !cannotTest(`socket options: ${kernelLoop()}`)) &&
  (whyNotSet({ options: { mark: 1 } }) === undefined || !cannotTest('SO_MARK: it needs a capability')) &&
  !areMissing('ss')

/** The kernel gives a port only out of this range (IP_LOCAL_PORT_RANGE of ip(7)). Any of ten: others may have some. */
const OWN_PORTS = [41_000, 41_009] as const

describe.runIf(isTestable)('socket options', () => {
  const engine = createEngine()
  const listeners: Listening[] = []
  const sockets: Socket[] = []
  const accepted: Socket[] = []
  afterEach(() => {
    for (const socket of [...sockets.splice(0), ...accepted.splice(0)]) socket.reset()
    for (const each of listeners.splice(0)) each.close()
  })

  async function listen(host: string, socket?: SocketOptions): Promise<Listening & { address: TcpAddress }> {
    const handler = { accepted: (client: Socket) => void accepted.push(client), paused: () => {} }
    const options = { backlog: 7, sharePort: false, socket }
    const listening = await engine.listen({ kind: 'tcp', host, port: 0 }, options, handler)
    listeners.push(listening)
    return listening as Listening & { address: TcpAddress }
  }

  async function dial({ address }: { address: TcpAddress }, setup?: DialSetup): Promise<string> {
    const { socket, errno } = await new Promise<{ socket: Socket | undefined; errno: string }>((done) => {
      engine.dial(address, 1000, done, setup)
    })
    if (socket !== undefined) sockets.push(socket)
    return errno
  }

  /** What ss(8) shows of the sockets that this filter lets through. */
  function shown(...filter: string[]): string {
    const { stdout } = spawnSync('ss', ['-tnaeiH', '--tos', ...filter], { encoding: 'utf8' })
    return stdout
  }

  it.each(['127.0.0.1', '::1'])('clients of a listener at %s inherit its options', async (host) => {
    const listening = await listen(host, { dscp: 46, mark: 7, congestion: 'reno', interface: 'lo' })
    expect(await dial(listening)).toBe('')
    const { port } = listening.address
    expect(shown('state', 'listening', `sport = :${port}`)).toMatch(/^\d+ +7 .*fwmark:0x7/)
    const client = shown('state', 'established', `sport = :${port}`)
    expect(client).toMatch(host === '::1' ? /tclass:0xb8/ : /tos:0xb8/)
    expect(client).toMatch(/fwmark:0x7/)
    expect(client).toMatch(/ reno /)
  })

  it('a listener takes up other options, and goes back to those of the system', async () => {
    const listening = await listen('127.0.0.1')
    const now = () => shown('state', 'listening', `sport = :${listening.address.port}`)
    listening.update({ socket: { mark: 9, congestion: 'reno' }, backlog: 5 })
    expect(now()).toMatch(/^\d+ +5 .*fwmark:0x9[\s\S]* reno /)
    listening.update({})
    expect(now()).not.toMatch(/fwmark/)
    expect(now()).toContain(` ${usualCongestion()} `)
  })

  it('an option that the config does not say stays as it was, because a service manager may have set it', async () => {
    const listening = await listen('127.0.0.1', { mark: 9, interface: 'lo' })
    const { native } = kernelLoop() as KernelLoop
    const [fd = -1] = listening.fds
    expect(changeOptions(native, fd, undefined, { dscp: 46 })).toBe(0)
    expect(shown('state', 'listening', `sport = :${listening.address.port}`)).toMatch(/%lo:\d+ .*fwmark:0x9/)
    expect(changeOptions(native, fd, { mark: 9, interface: 'lo' }, { dscp: 46 })).toBe(0)
    expect(shown('state', 'listening', `sport = :${listening.address.port}`)).not.toMatch(/%lo|fwmark/)
  })

  it('millrace connects with its own options, from its own address and ports', async () => {
    const listening = await listen('127.0.0.1')
    const options = { dscp: 8, mark: 5, congestion: 'reno' }
    const source = { host: '127.0.0.9', ports: OWN_PORTS }
    expect(await dial(listening, { options, source })).toBe('')
    const line = shown('state', 'established', `dport = :${listening.address.port}`)
    expect(line).toMatch(/127\.0\.0\.9:4100\d /)
    expect(line).toMatch(/tos:0x20/)
    expect(line).toMatch(/fwmark:0x5/)
    expect(line).toMatch(/ reno /)
  })

  it('connects to two backends from one address can have the same port', async () => {
    const [first, second] = [await listen('127.0.0.1'), await listen('127.0.0.1')]
    const port = await closedPort('127.0.0.9')
    const setup = { options: {}, source: { host: '127.0.0.9', ports: [port, port] as const } }
    expect([await dial(first, setup), await dial(second, setup)]).toEqual(['', ''])
    expect(await dial(first, setup)).toBe('EADDRNOTAVAIL')
  })

  it('a connect from an address of another machine fails and leaves nothing open', async () => {
    const listening = await listen('127.0.0.1')
    const before = engine.counts()
    expect(await dial(listening, { options: {}, source: { host: '192.0.2.1' } })).toBe('EADDRNOTAVAIL')
    expect(engine.counts()).toEqual(before)
  })
})
