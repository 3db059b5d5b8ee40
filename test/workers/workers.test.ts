/** Several processes on one address: they share the work, a dead one is replaced, and none is left behind. */
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Address } from '../../src/address.js'
import { Backend } from '../support/backend.js'
import { temporaryFolder } from '../support/folder.js'
import { Millrace, writeConfig } from '../support/millrace.js'
import { connectTo, type Peer } from '../support/peer.js'
import { pause } from '../support/wait.js'

const LOOPBACK = { kind: 'tcp', host: '127.0.0.1' } as const
/** The kernel shares connections out by chance. Of so many, each of two workers gets at least one. */
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

  /** Each process writes to the log by itself, so lines of several processes come in any order. */
  async function started(listeners: number): Promise<void> {
    await millrace.logged(({ msg }) => msg === '2 workers')
    await millrace.program.seen(() => listening().length === listeners)
  }

  /** Connects a client and sends a byte; returns the client and the backend's end of the connection. */
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

  /** Connects until `isEnough` accepts the ids of the processes that have served. */
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

  it('two workers listen on the same address and both serve', async () => {
    await start()
    expect(new Set(listening().map(({ address }) => address)).size).toBe(1)
    expect(new Set(listening().map(({ pid }) => pid)).size).toBe(2)
    await serveUntil((pids) => pids.size === 2)
    expect(await millrace.stop()).toEqual({ code: 0, signal: null })
  })

  it('two workers serve again after one was killed and replaced', async () => {
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
  ])('two workers finish their connections after %s and leave no process', async (_how, signal) => {
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

  /** Connects, and sends more bytes than can arrive; returns how the client's socket breaks. */
  async function stall(): Promise<{ broken: Promise<string>; peer: Peer }> {
    const [client, peer] = await connect()
    peer.pause()
    client.send(Buffer.alloc(20_000_000))
    const broken = new Promise<string>((resolve) => {
      client.socket.on('error', ({ code }: NodeJS.ErrnoException) => resolve(code ?? ''))
    })
    return { broken, peer }
  }

  it('two workers end at once after a second signal, reset what is in progress and write its record', async () => {
    await start()
    const { broken, peer } = await stall()
    millrace.program.child.kill('SIGTERM')
    await untilRefused({ ...LOOPBACK, port })
    millrace.program.child.kill('SIGTERM')
    expect(await millrace.program.exited).toEqual({ code: 1, signal: null })
    expect(await broken).toMatch(/^(ECONNRESET|EPIPE)$/)
    await millrace.program.seen(() => millrace.lines.some(({ ended }) => isOrdered(ended)))
    peer.socket.destroy()
  })

  it('two workers whose supervisor is killed reset what is in progress, write its record and end', async () => {
    await start()
    const { broken, peer } = await stall()
    await millrace.program.kill()
    expect(await broken).toMatch(/^(ECONNRESET|EPIPE)$/)
    await millrace.program.seen(() => millrace.lines.some(({ ended }) => isOrdered(ended)))
    peer.socket.destroy()
    await untilRefused({ ...LOOPBACK, port })
  })

  it('two workers serve a unix socket and remove it at the end', async () => {
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
    // Workers cannot share a path. So one worker has both listeners, and the other worker has one.
    await started(3)
    expect(listening().filter(({ address }) => address === `unix:${path}`)).toHaveLength(1)
    await close(await connect({ kind: 'unix', path }))
    expect(await millrace.stop()).toEqual({ code: 0, signal: null })
    await expect(connectTo({ kind: 'unix', path })).rejects.toThrow('ENOENT')
  })
})

/** Of a record. */
const isOrdered = (ended: unknown): boolean => (ended as { cause?: string } | undefined)?.cause === 'ordered'

/** Waits until the address refuses. Workers stop listening one after the other, without a message. */
async function untilRefused(address: Address): Promise<void> {
  for (;;) {
    const outcome = await connectTo(address).catch((error: NodeJS.ErrnoException) => error.code)
    if (outcome === 'ECONNREFUSED') return
    if (typeof outcome === 'object') {
      outcome.reset()
      await outcome.closed
    }
    await pause()
  }
}
