/** Many processes on one address: they share the work, one that dies is replaced, and none is left behind. */
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Address } from '../../src/address.js'
import { Backend } from '../support/backend.js'
import { temporaryFolder } from '../support/folder.js'
import { Millrace, writeConfig } from '../support/millrace.js'
import { connectTo, type Peer } from '../support/peer.js'

const LOOPBACK = { kind: 'tcp', host: '127.0.0.1' } as const
/** The kernel shares connections out by chance: that one of two workers gets none of so many never happens. */
const MOST_TRIES = 300

const folder = temporaryFolder()

describe.each([
  ['with the addon', undefined],
  ['with native off', 'off'],
] as const)('two workers %s', (_, native) => {
  let backend: Backend
  let millrace: Millrace
  let port: number

  beforeEach(async () => {
    backend = await Backend.listen()
  })
  afterEach(async () => {
    await millrace.program.kill()
    await backend.close()
  })

  async function start(): Promise<void> {
    const args = ['--listen', '127.0.0.1:0', '--to', backend.address, '--workers', '2']
    millrace = new Millrace(args, { native, ownGroup: true })
    await started(2)
    port = Number(listening()[0]!.address!.split(':').at(-1))
  }

  const listening = () => millrace.lines.filter(({ msg }) => msg.startsWith('listening on'))

  /** Each process writes to the log by itself, so lines of several come in any order. */
  async function started(listeners: number): Promise<void> {
    await millrace.logged(({ msg }) => msg === '2 workers')
    await millrace.program.seen(() => listening().length === listeners)
  }

  /** A client and what the backend sees of it, once a byte has crossed. */
  async function connect(address: Address = { ...LOOPBACK, port }): Promise<[Peer, Peer]> {
    const client = await connectTo(address)
    const peer = await backend.accepted()
    client.send(Buffer.from('x'))
    await peer.receive(1)
    return [client, peer]
  }

  async function close([client, peer]: readonly [Peer, Peer]): Promise<void> {
    client.end()
    peer.end()
    await Promise.all([client.closed, peer.closed])
  }

  /** Connects until `isEnough` of the process ids that served. */
  async function serveUntil(isEnough: (pids: ReadonlySet<number>) => boolean): Promise<void> {
    const records = () => millrace.lines.filter(({ msg }) => msg === 'connection')
    const before = records().length
    for (let tries = 1; tries <= MOST_TRIES; tries++) {
      await close(await connect())
      await millrace.program.seen(() => records().length >= before + tries)
      if (isEnough(new Set(records().map(({ pid }) => pid)))) return
    }
    throw new Error(`not served by all workers after ${MOST_TRIES} connections`)
  }

  function expectNobodyLeft(pids: readonly number[]): void {
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  }

  it('listen on the same address and both serve', async () => {
    await start()
    expect(new Set(listening().map(({ address }) => address)).size).toBe(1)
    expect(new Set(listening().map(({ pid }) => pid)).size).toBe(2)
    await serveUntil((pids) => pids.size === 2)
    expect(await millrace.stop()).toEqual({ code: 0, signal: null })
  })

  it('replace one that is killed', async () => {
    await start()
    const killed = listening()[0]!.pid
    process.kill(killed, 'SIGKILL')
    const death = await millrace.logged(({ msg }) => msg === 'a worker died and is replaced')
    expect(death).toMatchObject({ level: 50, signal: 'SIGKILL' })
    await millrace.program.seen(() => listening().length === 3)
    const newcomer = listening()[2]!.pid
    await serveUntil((pids) => pids.has(newcomer))
    expect(await millrace.stop()).toEqual({ code: 0, signal: null })
    expectNobodyLeft(listening().map(({ pid }) => pid))
  })

  it.each([
    ['SIGTERM to the supervisor', () => process.kill(millrace.program.pid, 'SIGTERM')],
    ['SIGTERM to every process', () => process.kill(-millrace.program.pid, 'SIGTERM')],
    ['SIGINT to every process', () => process.kill(-millrace.program.pid, 'SIGINT')],
  ])('finish what runs after %s and leave no process', async (_how, signal) => {
    await start()
    const [client, peer] = await connect()
    signal()
    await untilRefused({ ...LOOPBACK, port })
    peer.send(Buffer.alloc(1_000_000, 'y'))
    peer.end()
    expect(await client.ended).toBe('fin')
    expect(client.receivedBytes).toBe(1_000_000)
    client.end()
    expect(await millrace.program.exited).toEqual({ code: 0, signal: null })
    const records = await millrace.records(1)
    expect(records.find(({ bytesDown }) => bytesDown > 0)).toMatchObject({
      bytesDown: 1_000_000,
      termination: '--',
    })
    expectNobodyLeft(listening().map(({ pid }) => pid))
  })

  it('end at once with 1 after a second signal', async () => {
    await start()
    const [client, peer] = await connect()
    millrace.program.child.kill('SIGTERM')
    await untilRefused({ ...LOOPBACK, port })
    millrace.program.child.kill('SIGTERM')
    expect(await millrace.program.exited).toEqual({ code: 1, signal: null })
    await Promise.all([client.ended, peer.ended])
    client.socket.destroy()
    peer.socket.destroy()
  })

  it('end when the supervisor is killed', async () => {
    await start()
    const [client, peer] = await connect()
    await millrace.program.kill()
    await Promise.all([client.ended, peer.ended])
    client.socket.destroy()
    peer.socket.destroy()
    await untilRefused({ ...LOOPBACK, port })
  })

  it('serve a unix socket too, and remove it at the end', async () => {
    const path = join(folder, `listener-${native}`)
    const config = writeConfig(folder, {
      workers: 2,
      listeners: [
        { address: `unix:${path}`, cluster: 'only' },
        { address: '127.0.0.1:0', cluster: 'only' },
      ],
      clusters: { only: { backends: [backend.address] } },
    })
    millrace = new Millrace(['--config', config], { native })
    // A path cannot be shared: one worker has both listeners, the other one.
    await started(3)
    expect(listening().filter(({ address }) => address === `unix:${path}`)).toHaveLength(1)
    await close(await connect({ kind: 'unix', path }))
    expect(await millrace.stop()).toEqual({ code: 0, signal: null })
    await expect(connectTo({ kind: 'unix', path })).rejects.toThrow('ENOENT')
  })
})

/** Workers stop listening one after the other, and tell nobody. */
async function untilRefused(address: Address): Promise<void> {
  for (;;) {
    const outcome = await connectTo(address).catch((error: NodeJS.ErrnoException) => error.code)
    if (outcome === 'ECONNREFUSED') return
    if (typeof outcome === 'object') {
      outcome.reset()
      await outcome.closed
    }
  }
}
