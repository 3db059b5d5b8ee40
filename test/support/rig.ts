/**
 * Pipes between peers: millrace without its decisions. The rig accepts and dials through an engine and joins the two
 * sockets. At the end of a test it checks that nothing is left over.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Address } from '../../src/address.js'
import { kernelLoop } from '../../src/io/choose-engine.js'
import type { DialOutcome, Engine } from '../../src/io/engine.js'
import { KernelLoop } from '../../src/io/kernel/kernel-loop.js'
import type { Socket } from '../../src/io/socket.js'
import {
  createPipeCounters,
  DEFAULT_SETTINGS,
  type Heads,
  type PipeEnding,
  type PipeSettings,
} from '../../src/pipe/options.js'
import { Pipe } from '../../src/pipe/pipe.js'
import type { Carriage } from './carriages.js'
import { openedSince, openFds } from './fds.js'
import { connectTo, type Peer, PeerServer } from './peer.js'

export type Family = 'IPv4' | 'IPv6' | 'unix'

/** A peer, and the engine's socket at the other end of its connection. */
export type End = readonly [Peer, Socket]

/** client ⇄ pipe ⇄ backend. */
export class Joined {
  readonly client: Peer
  readonly backend: Peer
  readonly ended: Promise<PipeEnding>
  /** How the pipe ended. Undefined while it runs. */
  ending: PipeEnding | undefined
  pipe!: Pipe
  resolve!: (ending: PipeEnding) => void

  constructor(client: Peer, backend: Peer) {
    this.client = client
    this.backend = backend
    this.ended = new Promise((resolve) => {
      this.resolve = resolve
    })
  }
}

export interface JoinOptions extends Partial<PipeSettings> {
  readonly heads?: Heads
  /** Called when the pipe ends, before `ended` resolves. */
  readonly onEnd?: (pipe: Pipe) => void
  /** Called when the first byte of the backend has come. */
  readonly onAnswer?: () => void
}

export class Rig {
  readonly engine: Engine
  readonly counters = createPipeCounters()
  readonly #carriage: Carriage
  readonly #family: Family
  readonly #folder = mkdtempSync(join(tmpdir(), 'millrace-'))
  readonly #fdsBefore: string[]
  readonly #joined: Joined[] = []
  #sockets = 0

  constructor(carriage: Carriage, family: Family = 'IPv4') {
    this.#carriage = carriage
    this.#family = family
    this.engine = carriage.createEngine()
    trimPipes()
    this.#fdsBefore = openFds()
  }

  /** Two peers with a running pipe between them. */
  async join(options: JoinOptions = {}): Promise<Joined> {
    const [client, near] = await this.accept()
    const [backend, far] = await this.dial()
    return this.pipe([client, near], [backend, far], options)
  }

  /** Starts a pipe between the ends that `accept` and `dial` returned. */
  pipe([client, near]: End, [backend, far]: End, options: JoinOptions = {}): Joined {
    const joined = new Joined(client, backend)
    this.#start(joined, near, far, options)
    return joined
  }

  /** A client, and the engine's socket that was accepted from it. */
  async accept(): Promise<End> {
    let accepted: (socket: Socket) => void
    const near = new Promise<Socket>((resolve) => {
      accepted = resolve
    })
    const handler = { accepted: (socket: Socket) => accepted(socket), paused: () => {} }
    const listening = await this.engine.listen(this.freeAddress(), { backlog: 16, sharePort: false }, handler)
    const client = await connectTo(listening.address)
    const socket = await near
    listening.close()
    return [client, socket]
  }

  /** A backend, and the engine's socket that is connected to it. */
  async dial(): Promise<End> {
    const server = await PeerServer.listen(this.freeAddress())
    const outcome = await new Promise<DialOutcome>((done) => this.engine.dial(server.address, 0, done))
    if (outcome.socket === undefined) throw new Error(`dialling failed: ${outcome.errno}`)
    const backend = await server.accepted()
    server.close()
    return [backend, outcome.socket]
  }

  freeAddress(): Address {
    if (this.#family === 'unix') return { kind: 'unix', path: join(this.#folder, `${++this.#sockets}`) }
    return { kind: 'tcp', host: this.#family === 'IPv6' ? '::1' : '127.0.0.1', port: 0 }
  }

  /** Ends all pipes and returns what is still open after that. The list must be empty. */
  async finish(): Promise<string[]> {
    for (const { pipe, client, backend } of this.#joined) {
      pipe.end('ordered')
      client.socket.destroy()
      backend.socket.destroy()
      await Promise.all([client.closed, backend.closed])
    }
    rmSync(this.#folder, { recursive: true })
    const counts = this.engine.counts()
    const leased = counts === undefined ? 0 : counts.pipesInUse + counts.descriptors
    trimPipes()
    const left = openedSince(this.#fdsBefore)
    return leased === 0 ? left : [...left, `the engine still counts ${JSON.stringify(counts)}`]
  }

  #start(joined: Joined, near: Socket, far: Socket, options: JoinOptions): void {
    const { engine, counters } = this
    const { heads, onEnd, onAnswer, ...given } = options
    const settings = { ...DEFAULT_SETTINGS, splice: this.#carriage.splice, ...given }
    const pipeEnded = (ending: PipeEnding): void => {
      engine.sweep.delete(watched)
      joined.ending = ending
      onEnd?.(pipe)
      joined.resolve(ending)
    }
    const owner = { pipeEnded, backendAnswered: () => onAnswer?.() }
    const pipe = new Pipe(near, far, { runQueue: engine.runQueue, settings, counters }, owner, heads)
    const watched = { sweepIndex: -1, expire: (now: number) => pipe.expire(now) }
    joined.pipe = pipe
    this.#carriage.prepare?.(pipe, engine)
    engine.sweep.add(watched, shortestTimeout(settings))
    this.#joined.push(joined)
    pipe.start()
  }
}

function shortestTimeout({ idleTimeoutMs, halfClosedTimeoutMs, maxLifetimeMs }: PipeSettings): number {
  return Math.min(...[idleTimeoutMs, halfClosedTimeoutMs, maxLifetimeMs].filter((ms) => ms > 0))
}

/** Closes the pooled kernel pipes. They are kept on purpose, and would look like leaks. */
export function trimPipes(): void {
  const loop = kernelLoop()
  if (loop instanceof KernelLoop) loop.native.trimPipes(0)
}
