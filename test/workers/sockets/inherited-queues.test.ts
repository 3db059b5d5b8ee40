/**
 * Clients that wait in the accept queues of a process when another one takes its place. Both may have another number of workers, and
 * the new one may have another engine. Every client is accepted.
 */
import { afterEach, describe, expect, test } from 'vitest'
import { type Address, formatAddress } from '../../../src/address.js'
import { validateConfig } from '../../../src/config/validate.js'
import { kernelLoop } from '../../../src/io/choose-engine.js'
import type { Engine, HeldSocket, Listening } from '../../../src/io/engine.js'
import { KernelEngine } from '../../../src/io/kernel/kernel-engine.js'
import { KernelLoop } from '../../../src/io/kernel/kernel-loop.js'
import { GivenSockets } from '../../../src/io/listening/given-sockets.js'
import { InheritedSockets } from '../../../src/io/listening/inherited-sockets.js'
import { handleOf, type ServerHandle } from '../../../src/io/listening/server-handle.js'
import type { Socket } from '../../../src/io/socket.js'
import { StreamEngine } from '../../../src/io/streams/stream-engine.js'
import type { ToWorker } from '../../../src/workers/messages.js'
import type { ServingWorkers } from '../../../src/workers/slots/serving-workers.js'
import type { WorkerChannel } from '../../../src/workers/slots/worker-channel.js'
import { Loans } from '../../../src/workers/sockets/loans.js'
import { Sockets } from '../../../src/workers/sockets/sockets.js'
import { connectTo, type Peer } from '../../support/peer.js'
import { until } from '../../support/wait.js'

/** So many that none of four queues stays empty. */
const CLIENTS = 48
const loop = kernelLoop()

const CHANGES = [1, 2, 4].flatMap((before) => [1, 2, 4].map((after) => ({ before, after })))
const KINDS = ['kernel', 'stream'] as const

describe.runIf(loop instanceof KernelLoop).each(KINDS)('a successor on the %s engine', (kind) => {
  const own = loop as KernelLoop
  const opened: { close(): void }[] = []
  const clients: Peer[] = []
  afterEach(() => {
    for (const { socket } of clients.splice(0)) socket.destroy()
    for (const each of opened.splice(0)) each.close()
  })

  const engineWith = (given?: GivenSockets | InheritedSockets): Engine =>
    kind === 'kernel' ? new KernelEngine(own, given) : new StreamEngine('switched-off', undefined, given)

  /** A second fd of the socket, as another process gets it. */
  function duplicate(fd: number): number {
    const other = own.native.adopt(fd)
    own.native.release(other)
    return other
  }

  /** As many sockets as there are workers, with clients in their queues. Nobody has accepted any. */
  async function queues(workers: number): Promise<readonly HeldSocket[]> {
    const kernel = new KernelEngine(own)
    const held: HeldSocket[] = []
    let address: Address = { kind: 'tcp', host: '127.0.0.1', port: 0 }
    while (held.length < workers) {
      held.push(await kernel.hold(address, { backlog: CLIENTS, sharePort: workers > 1 }))
      address = held[0]!.address
    }
    opened.push(...held)
    for (let count = 0; count < CLIENTS; count++) clients.push(await connectTo(address))
    return held
  }

  function inheriting(held: readonly HeldSocket[]): InheritedSockets {
    const inherited = new InheritedSockets()
    inherited.add(
      held[0]!.address,
      held.map(({ handle }) => duplicate(handle.fd)),
    )
    return inherited
  }

  /** Accepts as a worker does. */
  async function listen(engine: Engine, address: Address, accepted: Socket[]): Promise<Listening> {
    const handler = {
      accepted: (client: Socket) => {
        accepted.push(client)
        opened.push(client)
      },
      paused: () => {},
    }
    const listening = await engine.listen(address, { backlog: CLIENTS, sharePort: false }, handler)
    opened.push(listening)
    return listening
  }

  /** Gives the sockets to workers as the supervisor does. */
  async function serveWith(
    workers: number,
    inherited: InheritedSockets,
    address: Address,
    accepted: Socket[],
  ) {
    const config = validateConfig({
      listeners: [{ name: 'front', address: formatAddress(address), cluster: 'a' }],
      clusters: { a: { backends: ['127.0.0.1:9'] } },
    })
    const sockets = new Sockets(engineWith(), workers, inherited)
    opened.push({ close: () => sockets.leave() })
    await sockets.prepare(config)
    const channels: WorkerChannel[] = []
    for (let slot = 0; slot < workers; slot++) {
      const given = new GivenSockets()
      const received = ({ fd }: ServerHandle): ServerHandle => handleOf(duplicate(fd)) as ServerHandle
      const channel = {
        slot,
        give: (to: string, place: number, { handle }: HeldSocket) => given.add(to, place, received(handle)),
        send: (message: ToWorker, handle: ServerHandle) => {
          if (message.kind === 'lend') given.lend(message.address, message.slot, received(handle))
        },
      } as unknown as WorkerChannel
      channels.push(channel)
      sockets.give(channel, config)
      await listen(engineWith(given), address, accepted)
    }
    const loans = new Loans({ channels } as unknown as ServingWorkers, sockets, () => config)
    for (const slot of sockets.extra) loans.begin(slot)
  }

  test.each(CHANGES)(
    'clients in the queues of $before workers are all accepted by $after',
    async ({ before, after }) => {
      const held = await queues(before)
      const { address } = held[0]!
      const inherited = inheriting(held)
      for (const each of held) each.leave()
      const accepted: Socket[] = []
      if (after === 1) await listen(engineWith(inherited), address, accepted)
      else await serveWith(after, inherited, address, accepted)
      await until(() => accepted.length === CLIENTS)
      expect(clients.filter(({ socket }) => socket.destroyed)).toEqual([])
    },
  )
})
