/**
 * `pipe(a, b)` of the library: a Pipe for two sockets that the user already has. It takes them over, chooses
 * between fds and streams, and resolves with the record.
 */
import type { Duplex } from 'node:stream'
import { whenAborted } from '../abort.js'
import type { Read } from '../arguments.js'
import { kernelLoop, sharedEngine } from '../io/choose-engine.js'
import { adoptBoth, isPlainSocket, isQuiet } from '../io/kernel/adopt.js'
import { KernelLoop } from '../io/kernel/kernel-loop.js'
import { codeOf, destroyFor } from '../io/streams/stream-faults.js'
import { StreamSocket } from '../io/streams/stream-socket.js'
import type { WebStreams } from '../io/streams/web-duplex.js'
import type { Expirable } from '../io/sweep.js'
import { asDuplex, checkStreams, readPipeOptions } from './arguments.js'
import { askFarAddress } from './far-address.js'
import type {
  Heads,
  PipeEnded,
  PipeEnding,
  PipeOptions,
  PipeOwner,
  PipeRecord,
  PipeSettings,
  PipeTotals,
} from './options.js'
import { createPipeCounters, DEFAULT_SETTINGS, NOTHING_MOVED } from './options.js'
import { Pipe } from './pipe.js'
import { takeFromUser } from './take-from-user.js'

export interface RunningPipe extends Promise<PipeRecord> {
  /** Ends the pipe: in order if nothing is in flight, else with a reset both ways. Later calls do nothing. */
  close(): void
  /** The byte counts at this moment. */
  totals(): PipeTotals
  /** `using`: as `close()`. */
  [Symbol.dispose](): void
  /** `await using`: as `close()`, and waits until the pipe is over. */
  [Symbol.asyncDispose](): Promise<void>
}

/** What `pipe` joins: a socket, another Duplex of node:stream, or two Web streams of bytes. */
export type PipeEnd = Duplex | WebStreams

/**
 * Joins two connected streams until both have ended. It replaces `a.pipe(b); b.pipe(a)`.
 *
 * millrace takes plain TCP and unix sockets from Node and, on Linux, splices them. It carries anything else
 * (TLS, a Duplex of your own, Web streams) as a stream, with the same promises. Both streams belong to the pipe from this
 * call on: add no listener, write nothing, and do not expect their 'end'. Timeouts of sockets end. An adopted
 * net.Socket emits 'close' at once.
 *
 * The promise resolves with the record when both sockets are closed, whatever the network did. It never
 * rejects. For arguments of the wrong kind, for streams that do not carry bytes, and for a stream that another
 * pipe has, `pipe` throws a `bad-argument` MillraceError at once.
 */
export function pipe(client: PipeEnd, backend: PipeEnd, options?: PipeOptions): RunningPipe {
  checkStreams(client, backend, (stream) => taken.has(stream))
  const read = readPipeOptions(options)
  const join = new Join(asDuplex('client', client), asDuplex('backend', backend), read)
  return Object.assign(join.done, {
    close: () => join.close(),
    totals: () => join.totals(),
    [Symbol.dispose]: () => join.close(),
    [Symbol.asyncDispose]: () => join.ended(),
  })
}

/** Every stream that was given to a pipe. It stays here as long as somebody has it. */
const taken = new WeakSet<object>()

class Join implements PipeOwner, Expirable {
  sweepIndex = -1
  readonly done: Promise<PipeRecord>
  readonly #engine = sharedEngine()
  readonly #settings: PipeSettings
  readonly #heads: Heads
  readonly #startedAt = performance.now()
  readonly #streams: readonly [Duplex, Duplex]
  readonly #mayAdopt: boolean
  readonly #addresses: readonly [() => string | undefined, () => string | undefined]
  #resolve!: (record: PipeRecord) => void
  #pipe: Pipe | undefined
  #isOver = false
  #unfollow = (): void => {}
  /** The signal that has ended this pipe. */
  #abortedBy: AbortSignal | undefined

  constructor(client: Duplex, backend: Duplex, options: Read<PipeOptions>) {
    this.done = new Promise((resolve) => {
      this.#resolve = resolve
    })
    const { head, backendHead, signal, adopt = true, ...settings } = options
    this.#mayAdopt = adopt
    this.#settings = { ...DEFAULT_SETTINGS, ...settings }
    this.#heads = { client: toBuffer(head), backend: toBuffer(backendHead) }
    this.#streams = [client, backend]
    this.#addresses = [askFarAddress(client), askFarAddress(backend)]
    for (const stream of this.#streams) {
      taken.add(stream)
      takeFromUser(stream)
    }
    this.#engine.sweep.add(this, shortest(this.#settings))
    this.#begin(client, backend).catch((error) => this.#failed(error))
    this.#unfollow = whenAborted(signal, () => this.#abort(signal))
  }

  totals(): PipeTotals {
    return this.#pipe?.totals ?? NOTHING_MOVED
  }

  close(): void {
    if (this.#pipe !== undefined) this.#pipe.end('ordered')
    else this.#giveUp('ordered')
  }

  async ended(): Promise<void> {
    this.close()
    await this.done
  }

  #abort(signal: AbortSignal | undefined): void {
    this.#abortedBy = signal
    this.close()
  }

  /** The pipe has its own deadlines. Before there is one, only the wait for queued writes can time out. */
  expire(now: number): void {
    const { idleTimeoutMs } = this.#settings
    if (this.#pipe !== undefined) this.#pipe.expire(now)
    else if (idleTimeoutMs > 0 && now - this.#startedAt >= idleTimeoutMs) this.#giveUp('idle-timeout')
  }

  async #begin(client: Duplex, backend: Duplex): Promise<void> {
    const loop = kernelLoop()
    if (loop instanceof KernelLoop && this.#mayAdopt && isPlainSocket(client) && isPlainSocket(backend)) {
      await Promise.all([isQuiet(client), isQuiet(backend)])
      if (this.#isOver) return
      const adopted = adoptBoth(loop, client, backend)
      if (adopted !== undefined) {
        const [a, b] = adopted
        const heads = { client: join(this.#heads.client, a.head), backend: join(this.#heads.backend, b.head) }
        this.#start(a.socket, b.socket, heads)
        return
      }
    }
    const { runQueue } = this.#engine
    const whyNot = this.#mayAdopt ? 'not-a-plain-socket' : 'switched-off'
    const reason = loop instanceof KernelLoop ? whyNot : loop
    const a = new StreamSocket(client, runQueue, reason)
    const b = new StreamSocket(backend, runQueue, reason)
    this.#start(a, b, this.#heads)
  }

  #start(a: Pipe['client'], b: Pipe['backend'], heads: Heads): void {
    const host = { runQueue: this.#engine.runQueue, settings: this.#settings, counters: createPipeCounters() }
    this.#pipe = new Pipe(a, b, host, this, heads)
    this.#pipe.start()
  }

  /** Ends as a pipe does: in order if nothing is in flight, otherwise with a reset. */
  #giveUp(cause: 'ordered' | 'idle-timeout'): void {
    const heads = [this.#heads.client, this.#heads.backend].map((head) => head?.length ?? 0)
    const queued = this.#streams.map((stream) => stream.writableLength + stream.readableLength)
    const isEmpty = [...heads, ...queued].every((bytes) => bytes === 0)
    for (const stream of this.#streams) {
      if (isEmpty) destroyFor(stream)
      else new StreamSocket(stream, this.#engine.runQueue, 'not-a-plain-socket').reset()
    }
    this.pipeEnded({ by: 'proxy', cause })
  }

  /** The code of a stream threw before there was a pipe that can break. */
  #failed(error: unknown): void {
    for (const stream of this.#streams) destroyFor(stream, error)
    this.pipeEnded({ by: 'proxy', cause: 'reset', errno: codeOf(error) })
  }

  pipeEnded(ending: PipeEnding): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#engine.sweep.delete(this)
    this.#unfollow()
    const durationMs = performance.now() - this.#startedAt
    const [client, backendAddress] = this.#addresses.map((ask) => ask())
    this.#resolve({ ...this.totals(), ended: this.#described(ending), durationMs, client, backendAddress })
  }

  #described(ending: PipeEnding): PipeEnded {
    if (ending.cause === 'ordered' && this.#abortedBy !== undefined)
      return { ...ending, reason: this.#abortedBy.reason }
    const [client, backend] = this.#streams
    const error = ending.cause === 'reset' ? (ending.by === 'client' ? client : backend).errored : null
    return error == null ? ending : { ...ending, error }
  }
}

function shortest({ idleTimeoutMs, halfClosedTimeoutMs, maxLifetimeMs }: PipeSettings): number {
  const set = [idleTimeoutMs, halfClosedTimeoutMs, maxLifetimeMs].filter((ms) => ms > 0)
  return set.length === 0 ? 0 : Math.min(...set)
}

/** The memory behind an empty array may be gone: somebody may have transferred it. */
const toBuffer = (bytes: Uint8Array | undefined): Buffer | undefined =>
  bytes === undefined || bytes.byteLength === 0
    ? undefined
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

const join = (first: Buffer | undefined, second: Buffer): Buffer =>
  first === undefined ? second : Buffer.concat([first, second])
