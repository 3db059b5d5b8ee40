/** More bytes through one connection than 32 bits can count, and many connections one after another. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket as NetSocket, type Server } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Address } from '../../src/address.js'
import { kernelLoop } from '../../src/io/choose-engine.js'
import type { Engine } from '../../src/io/engine.js'
import { KernelLoop } from '../../src/io/kernel/kernel-loop.js'
import type { Socket } from '../../src/io/socket.js'
import { createPipeCounters, DEFAULT_SETTINGS } from '../../src/pipe/options.js'
import { Pipe } from '../../src/pipe/pipe.js'
import { PERIOD_BYTES, pattern } from '../support/bytes.js'
import { engines } from '../support/engines.js'
import { openedSince, openFds } from '../support/fds.js'
import { Relay } from '../support/relay.js'
import { until } from '../support/wait.js'

const MIB = 1024 * 1024
/** Whole periods of the pattern, so that sending it again continues the pattern. */
const CHUNK = pattern(1, 256 * PERIOD_BYTES)
/** A little more than 4 GiB. */
const CHUNKS = Math.ceil(2 ** 32 / CHUNK.length) + 1
const CYCLES = 10_000
const AT_ONCE = 50

async function listen(onConnection: (socket: NetSocket) => void): Promise<Server> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, onConnection).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

const addressOf = (server: Server): Address => ({
  kind: 'tcp',
  host: '127.0.0.1',
  port: (server.address() as AddressInfo).port,
})

/** Sends the chunk this many times, and then ends. */
async function sendChunks(socket: NetSocket, chunks: number): Promise<void> {
  for (let i = 0; i < chunks; i++) if (!socket.write(CHUNK)) await once(socket, 'drain')
  socket.end()
}

test('a pipe carries more than 4 GiB in order and counts them exactly', { timeout: 120_000 }, async () => {
  const server = await listen((socket) => void sendChunks(socket, CHUNKS))
  const relay = await Relay.start({ backend: addressOf(server), settings: { splice: 'on' } })
  let received = 0
  let misplaced = 0
  const callback = (bytes: number, buffer: Uint8Array): boolean => {
    if (buffer[0] !== CHUNK[received % CHUNK.length]) misplaced++
    received += bytes
    if (buffer[bytes - 1] !== CHUNK[(received - 1) % CHUNK.length]) misplaced++
    return true
  }
  const { port } = relay.address as { port: number }
  const client = connect({ port, host: '127.0.0.1', onread: { buffer: Buffer.alloc(4 * MIB), callback } })
  await once(client, 'close')
  server.close()
  const total = CHUNKS * CHUNK.length
  expect({ received, misplaced }).toEqual({ received: total, misplaced: 0 })
  const [record] = await relay.records(1)
  expect(record).toMatchObject({ cause: 'finished', bytesUp: 0, bytesDown: total })
  if (kernelLoop() instanceof KernelLoop) expect(record!.splicedDown).toBe(total)
  expect(await relay.stop()).toBe(0)
})

describe.each(engines().map((engine) => ({ kind: engine.kind, engine })))('a $kind engine', ({ engine }) => {
  let echo: Server
  beforeEach(async () => {
    echo = await listen((socket) => socket.pipe(socket))
  })
  afterEach(() => {
    echo.close()
  })

  test(`${CYCLES} connections come and go and leave nothing open`, { timeout: 120_000 }, async () => {
    const { port } = echo.address() as AddressInfo
    const counters = createPipeCounters()
    let running = 0
    const accepted = (client: Socket): void => {
      running++
      engine.dial({ kind: 'tcp', host: '127.0.0.1', port }, 0, ({ socket }) => {
        const host = { runQueue: engine.runQueue, settings: DEFAULT_SETTINGS, counters }
        new Pipe(client, socket!, host, { pipeEnded: () => running-- }).start()
      })
    }
    const address = { kind: 'tcp', host: '127.0.0.1', port: 0 } as const
    const listening = await engine.listen(
      address,
      { backlog: 512, sharePort: false },
      { accepted, paused: () => {} },
    )
    const to = (listening.address as typeof address).port
    await manyCycles(to, AT_ONCE)
    await until(() => running === 0)
    const fdsBefore = openFds()
    await manyCycles(to, CYCLES)
    await until(() => running === 0 && openedSince(fdsBefore).length === 0)
    expect(openFds().length).toBeLessThanOrEqual(fdsBefore.length)
    listening.close()
    expectNothingHeld(engine)
  })
})

function expectNothingHeld(engine: Engine): void {
  const counts = engine.counts()
  if (counts !== undefined) expect(counts).toMatchObject({ descriptors: 0, pipesInUse: 0 })
}

async function manyCycles(port: number, cycles: number): Promise<void> {
  let left = cycles
  const client = async (): Promise<void> => {
    while (left-- > 0) {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true })
      socket.end('x')
      socket.resume()
      await once(socket, 'close')
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, client))
}
