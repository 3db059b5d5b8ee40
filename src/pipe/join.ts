/**
 * `pipe(a, b)` of the library: a Pipe for two sockets that the user already has. It takes them over, chooses
 * between fds and streams, and resolves with the record.
 */
import type { Duplex } from 'node:stream'
import { HALF_CLOSES, SPLICE_MODES } from '../defaults.js'
import { MillraceError } from '../errors.js'
import { kernelLoop, sharedEngine } from '../io/choose-engine.js'
import { adoptBoth, isPlainSocket, isQuiet } from '../io/kernel/adopt.js'
import { KernelLoop } from '../io/kernel/kernel-loop.js'
import { StreamSocket } from '../io/streams/stream-socket.js'
import type { Expirable } from '../io/sweep.js'
import type { Heads, PipeEnding, PipeOwner, PipeSettings, PipeTotals } from './options.js'
import { createPipeCounters, DEFAULT_SETTINGS, NOTHING_MOVED } from './options.js'
import { Pipe } from './pipe.js'

/** All fields are optional. `PipeSettings` and `PipeTimeouts` say the defaults. */
export interface PipeOptions extends Partial<PipeSettings> {
  /**
   * Bytes already read from `client`, such as the `head` of Node's 'connect' and 'upgrade' events. They go
   * first. Default: none.
   */
  readonly head?: Uint8Array
  /** Bytes already read from `backend`. They go first. Default: none. */
  readonly backendHead?: Uint8Array
}

/** What happened, from the call of `pipe` to the end. */
export interface PipeRecord extends PipeTotals {
  /** How the pipe ended, and who ended it. */
  readonly ended: PipeEnding
  readonly durationMs: number
}

export interface RunningPipe extends Promise<PipeRecord> {
  /** Ends the pipe: in order if nothing is in flight, else with a reset both ways. Later calls do nothing. */
  close(): void
  /** The byte counts at this moment. */
  totals(): PipeTotals
}

/**
 * Joins two connected streams until both have ended. It replaces `a.pipe(b); b.pipe(a)`.
 *
 * millrace takes plain TCP and unix sockets from Node and, on Linux, splices them. It carries anything else
 * (TLS, a Duplex of your own) as a stream, with the same promises. Both streams belong to the pipe from this
 * call on: add no listener, write nothing, and do not expect their 'end'. An adopted net.Socket emits 'close'
 * at once.
 *
 * The promise resolves with the record when both sockets are closed, whatever the network did. It never
 * rejects. For arguments of the wrong kind, `pipe` throws a `bad-argument` MillraceError at once.
 */
export function pipe(client: Duplex, backend: Duplex, options: PipeOptions = {}): RunningPipe {
  checkArguments(client, backend, options)
  const join = new Join(client, backend, options)
  return Object.assign(join.done, { close: () => join.close(), totals: () => join.totals() })
}

class Join implements PipeOwner, Expirable {
  sweepIndex = -1
  readonly done: Promise<PipeRecord>
  readonly #engine = sharedEngine()
  readonly #settings: PipeSettings
  readonly #heads: Heads
  readonly #startedAt = performance.now()
  readonly #streams: readonly [Duplex, Duplex]
  #resolve!: (record: PipeRecord) => void
  #pipe: Pipe | undefined
  #isOver = false

  constructor(client: Duplex, backend: Duplex, options: PipeOptions) {
    this.done = new Promise((resolve) => {
      this.#resolve = resolve
    })
    const { head, backendHead, ...settings } = options
    this.#settings = withDefaults(settings)
    this.#heads = { client: toBuffer(head), backend: toBuffer(backendHead) }
    this.#streams = [client, backend]
    this.#streams.forEach(takeFromUser)
    this.#engine.sweep.add(this, shortest(this.#settings))
    void this.#begin(client, backend)
  }

  totals(): PipeTotals {
    return this.#pipe?.totals ?? NOTHING_MOVED
  }

  close(): void {
    if (this.#pipe !== undefined) this.#pipe.end('ordered')
    else this.#giveUp('ordered')
  }

  /** The pipe has its own deadlines. Before there is one, only the wait for queued writes can time out. */
  expire(now: number): void {
    const { idleTimeoutMs } = this.#settings
    if (this.#pipe !== undefined) this.#pipe.expire(now)
    else if (idleTimeoutMs > 0 && now - this.#startedAt >= idleTimeoutMs) this.#giveUp('idle-timeout')
  }

  async #begin(client: Duplex, backend: Duplex): Promise<void> {
    const loop = kernelLoop()
    if (loop instanceof KernelLoop && isPlainSocket(client) && isPlainSocket(backend)) {
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
    const reason = loop instanceof KernelLoop ? 'not-a-plain-socket' : loop
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
      if (isEmpty) stream.destroy()
      else new StreamSocket(stream, this.#engine.runQueue, 'not-a-plain-socket').reset()
    }
    this.pipeEnded({ by: 'proxy', cause })
  }

  pipeEnded(ended: PipeEnding): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#engine.sweep.delete(this)
    this.#resolve({ ...this.totals(), ended, durationMs: performance.now() - this.#startedAt })
  }
}

/** From here on no listener of the user may read, and no 'error' may escape. */
function takeFromUser(stream: Duplex): void {
  stream.pause()
  stream.removeAllListeners('data')
  stream.removeAllListeners('readable')
  stream.on('error', () => {})
  // Without this, Node would answer a FIN with its own FIN while millrace waits for queued writes.
  stream.allowHalfOpen = true
}

function checkArguments(client: unknown, backend: unknown, options: PipeOptions): void {
  for (const [name, stream] of Object.entries({ client, backend })) {
    const isDuplex = typeof stream === 'object' && stream !== null && 'pipe' in stream && 'write' in stream
    if (!isDuplex) throw new MillraceError('bad-argument', `pipe: ${name} is not a Duplex stream`)
  }
  if (client === backend)
    throw new MillraceError('bad-argument', 'pipe: client and backend are the same stream')
  for (const name of ['idleTimeoutMs', 'halfClosedTimeoutMs', 'maxLifetimeMs'] as const) {
    const ms = options[name] ?? 0
    if (typeof ms !== 'number' || !(ms >= 0)) {
      throw new MillraceError(
        'bad-argument',
        `pipe: ${name} must be 0 (never) or a number of ms, it is ${ms}`,
      )
    }
  }
  checkChoice('splice', options.splice, SPLICE_MODES)
  checkChoice('halfClose', options.halfClose, HALF_CLOSES)
}

function checkChoice(name: string, value: string | undefined, choices: readonly string[]): void {
  if (value === undefined || choices.includes(value)) return
  throw new MillraceError(
    'bad-argument',
    `pipe: ${name} must be ${choices.join(', ')}, it is ${String(value)}`,
  )
}

function shortest({ idleTimeoutMs, halfClosedTimeoutMs, maxLifetimeMs }: PipeSettings): number {
  const set = [idleTimeoutMs, halfClosedTimeoutMs, maxLifetimeMs].filter((ms) => ms > 0)
  return set.length === 0 ? 0 : Math.min(...set)
}

function withDefaults(settings: Partial<PipeSettings>): PipeSettings {
  const given = Object.entries(settings).filter(([, value]) => value !== undefined)
  return { ...DEFAULT_SETTINGS, ...Object.fromEntries(given) }
}

const toBuffer = (bytes: Uint8Array | undefined): Buffer | undefined =>
  bytes === undefined ? undefined : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

const join = (first: Buffer | undefined, second: Buffer): Buffer =>
  first === undefined ? second : Buffer.concat([first, second])
