/** Options of listening sockets that the new process of an upgrade has inherited, as ss(8) shows them. */
import { spawnSync } from 'node:child_process'
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { TcpAddress } from '../../src/address.js'
import type { ListenerSocketInput } from '../../src/config/common-input.js'
import { validateConfig } from '../../src/config/validate.js'
import { createEngine, kernelLoop } from '../../src/io/choose-engine.js'
import type { Listening } from '../../src/io/engine.js'
import { KernelLoop } from '../../src/io/kernel/kernel-loop.js'
import { usualCongestion } from '../../src/io/kernel/native.js'
import { whyNotSet } from '../../src/io/kernel/socket-probe.js'
import { InheritedSockets } from '../../src/io/listening/inherited-sockets.js'
import { optionsOf, takeUpOptions } from '../../src/upgrade/listening-options.js'
import type { Begin } from '../../src/upgrade/messages.js'
import { temporaryFolder } from '../support/folder.js'
import { areMissing, cannotTest } from '../support/programs.js'

const isTestable =
  (kernelLoop() instanceof KernelLoop || !cannotTest(`socket options: ${kernelLoop()}`)) &&
  (whyNotSet({ options: { mark: 1 } }) === undefined || !cannotTest('SO_MARK: it needs a capability')) &&
  !areMissing('ss')
const HANDLER = { accepted: () => {}, paused: () => {} }

const folder = temporaryFolder()

describe.runIf(isTestable)('a listening socket in an upgrade', () => {
  const open: Listening[] = []
  afterEach(() => {
    for (const each of open.splice(0)) each.close()
    vi.restoreAllMocks()
  })

  const configOf = (socket: ListenerSocketInput | undefined) =>
    validateConfig({
      listeners: [{ name: 'front', address: '127.0.0.1:1', cluster: 'a', ...(socket && { socket }) }],
      clusters: { a: { backends: ['127.0.0.1:2'] } },
    })

  async function listen(
    engine: ReturnType<typeof createEngine>,
    config: ReturnType<typeof configOf>,
    port: number,
    isLater = port !== 0,
  ) {
    const [listener] = config.listeners
    const { backlog = 4096, options: socket } = listener!.socket ?? {}
    const address = { kind: 'tcp', host: '127.0.0.1', port } as const
    const how = { backlog, socket, sharePort: true, ...(isLater && { pausedFor: 'upgrade' as const }) }
    const listening = await engine.listen(address, how, HANDLER)
    open.push(listening)
    return listening
  }

  const shown = (port: number): string =>
    spawnSync('ss', ['-tnleiH', '--tos', `sport = :${port}`], { encoding: 'utf8' }).stdout

  /** The old process listens with `before`, and the new one with `after`. Returns what ss shows before it accepts, and then. */
  async function upgrade(before: ListenerSocketInput | undefined, after: ListenerSocketInput | undefined) {
    const [old, next] = [configOf(before), configOf(after)]
    const listening = await listen(createEngine(), old, 0)
    const address = listening.address as TcpAddress
    const second = await listen(createEngine(), old, address.port, false)
    const fds = [...listening.fds, ...second.fds]
    const own = (fds: readonly number[]) => () => [
      { name: 'front', asked: address, address, ipv6Only: false, fds: [...fds] },
    ]
    const options = optionsOf({ config: old, listeners: own(fds) })
    const inherited = new InheritedSockets()
    inherited.add(address, fds, false)
    const alive = vi.spyOn((kernelLoop() as KernelLoop).native, 'setLiveness')
    const inNew = await listen(createEngine(inherited), next, address.port)
    const waiting = shown(address.port)
    expect(alive).not.toHaveBeenCalled()
    const logged: unknown[] = []
    const log = { error: (...args: unknown[]) => void logged.push(args) }
    const succession = { config: next, listeners: own(inNew.fds), log }
    takeUpOptions({ options } as Begin, succession as never)
    expect(alive).toHaveBeenCalledTimes(2)
    return { waiting, accepting: shown(address.port), logged }
  }

  it('gets the options and the backlog of the new config when the new process accepts, and not before', async () => {
    const { waiting, accepting, logged } = await upgrade(
      { mark: 7 },
      { mark: 9, congestion: 'reno', backlog: 5 },
    )
    expect(waiting).toMatch(/^(LISTEN +0 +4096 .*fwmark:0x7[^L]*){2}$/)
    expect(accepting).toMatch(/^(LISTEN +0 +5 .*fwmark:0x9[^L]* reno [^L]*){2}$/)
    expect(logged).toEqual([])
  })

  it('loses options that the new config does not have', async () => {
    const { waiting, accepting } = await upgrade(
      { mark: 7, congestion: 'reno', interface: 'lo', backlog: 5 },
      undefined,
    )
    expect(waiting).toMatch(/^LISTEN +0 +5 .*%lo.*fwmark:0x7/)
    expect(accepting).toMatch(/^LISTEN +0 +4096 /)
    expect(accepting).not.toMatch(/fwmark|%lo/)
    expect(accepting).toContain(` ${usualCongestion()} `)
  })

  it('keeps what it has if an option cannot be set, and the log says which listener it is', () => {
    const config = configOf({ mark: 7 })
    const logged: unknown[] = []
    const address = { kind: 'tcp', host: '127.0.0.1', port: 1 } as const
    const listeners = () => [{ name: 'front', asked: address, address, ipv6Only: false, fds: [9] }]
    const log = { error: (fields: unknown) => void logged.push(fields) }
    const calls = { setOptions: () => -1, setBacklog: () => 0, setLiveness: () => 0 }
    takeUpOptions({} as Begin, { config, listeners, log } as never, calls)
    expect(logged).toMatchObject([{ listener: 'front', err: { code: 'listen-failed' } }])
  })

  it('gets the mode of a unix socket and the keepalive of the new config when the new process accepts', () => {
    const path = join(folder, 'front.sock')
    writeFileSync(path, '', { mode: 0o600 })
    const keepalive = { idleMs: '20s', everyMs: '5s', count: 3 }
    const config = validateConfig({
      listeners: [{ name: 'front', address: `unix:${path}`, mode: '0640', cluster: 'a', keepalive }],
      clusters: { a: { backends: ['127.0.0.1:2'] } },
    } as never)
    const address = { kind: 'unix', path } as const
    const listeners = () => [{ name: 'front', asked: address, address, ipv6Only: false, fds: [9] }]
    const calls = { setOptions: vi.fn(), setBacklog: () => 0, setLiveness: vi.fn() }
    takeUpOptions({} as Begin, { config, listeners } as never, calls)
    expect(statSync(path).mode & 0o777).toBe(0o640)
    expect(calls.setLiveness.mock.calls).toEqual([[9, 20, 5, 3, expect.any(Number)]])
    expect(calls.setOptions).not.toHaveBeenCalled()
  })
})
