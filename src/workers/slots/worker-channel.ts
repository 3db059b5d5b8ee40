/**
 * The channel to one worker: what it is asked it answers, or it does not in time, or it is gone. Whoever asks always gets
 * to know one of these.
 */
import type { HeldSocket } from '../../io/engine.js'
import type { ServerHandle } from '../../io/listening/server-handle.js'
import type { ProxyStatus } from '../../observe/status.js'
import {
  type Answer,
  type Call,
  type SessionQuestion,
  type ToSupervisor,
  type ToWorker,
  unpackError,
} from '../messages.js'
import type { Exit, ForkWorker, WorkerProcess } from './worker-process.js'

export type Outcome<Value> =
  | { readonly kind: 'answer'; readonly value: Value }
  | { readonly kind: 'error'; readonly error: Error }
  | { readonly kind: 'silent' | 'gone' }

export interface WorkerChannelHooks {
  hello(channel: WorkerChannel): void
  ready(channel: WorkerChannel): void
  /** It asks where a session is that it has not. */
  searches(channel: WorkerChannel, question: SessionQuestion): void
  /** Once. */
  gone(channel: WorkerChannel, exit: Exit): void
}

export class WorkerChannel {
  readonly slot: number
  /** Which config it has, and up to which order it knows them. */
  version = 0
  revision = 0
  /** What it had counted when it last told. */
  last: ProxyStatus | undefined
  readonly #process: WorkerProcess
  readonly #hooks: WorkerChannelHooks
  readonly #given = new WeakSet<HeldSocket>()
  readonly #pending = new Map<number, (outcome: Outcome<never>) => void>()
  /** It owes an answer for too long. */
  isSilent = false
  #asked = 0
  #isPinged = false
  #missedPings = 0
  #isGone = false
  #failure: Error | undefined

  /** @throws Error where the system has no process to give */
  constructor(slot: number, hooks: WorkerChannelHooks, fork: ForkWorker) {
    this.slot = slot
    this.#hooks = hooks
    this.#process = fork({
      message: (message) => this.#heard(message),
      // Its last words may be read after its exit.
      disconnected: () => this.#settleAll(),
      exited: (exit) => this.#end({ ...exit, why: exit.why ?? this.#failure?.message }),
    })
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  get isGone(): boolean {
    return this.#isGone
  }

  /** Why it cannot serve, as it said itself; undefined where it said nothing of the kind. */
  get failure(): Error | undefined {
    return this.#failure
  }

  /** How errors and logs call it. */
  get name(): string {
    return `worker ${this.slot} (process ${this.pid})`
  }

  /** Without a time: until it is gone. */
  ask<Value>(call: Call, withinMs?: number): Promise<Outcome<Value>> {
    if (!this.#process.isConnected) return Promise.resolve({ kind: 'gone' })
    const id = ++this.#asked
    return new Promise((resolve) => {
      const timer =
        withinMs === undefined ? undefined : setTimeout(() => settle({ kind: 'silent' }), withinMs)
      const settle = (outcome: Outcome<never>): void => {
        clearTimeout(timer)
        this.#pending.delete(id)
        resolve(outcome)
      }
      this.#pending.set(id, settle)
      this.send({ kind: 'ask', id, call })
    })
  }

  /** Asks whether it lives, unless it owes the answer to that already; answers how often in a row it did. */
  ping(): number {
    if (this.#isPinged) return ++this.#missedPings
    this.#isPinged = true
    this.#missedPings = 0
    void this.ask({ method: 'readiness', args: [] }).then(() => {
      this.#isPinged = false
    })
    return 0
  }

  /** One on its way out hears nothing; its exit tells. */
  send(message: ToWorker, handle?: ServerHandle): void {
    if (this.#process.isConnected) this.#process.send(message, handle)
  }

  /** Each socket once: a worker has it until its listener closes, and one that is opened again has another. */
  give(address: string, socket: HeldSocket): void {
    if (this.#given.has(socket)) return
    this.#given.add(socket)
    this.send({ kind: 'socket', address }, socket.handle)
  }

  kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    if (!this.#isGone) this.#process.kill(signal)
  }

  #heard(message: ToSupervisor): void {
    if (message.kind === 'answer') {
      this.isSilent = false
      this.#pending.get(message.id)?.(outcomeOf(message))
    } else if (message.kind === 'counts') {
      this.last = { ...message.counts, processes: this.last?.processes ?? [] }
    } else if (message.kind === 'failed') this.#failure = unpackError(message.error)
    else if (message.kind === 'session') this.#hooks.searches(this, message)
    else this.#hooks[message.kind](this)
  }

  #end(exit: Exit): void {
    if (this.#isGone) return
    this.#isGone = true
    if (!this.#process.isConnected) this.#settleAll()
    this.#hooks.gone(this, exit)
  }

  #settleAll(): void {
    for (const settle of [...this.#pending.values()]) settle({ kind: 'gone' })
  }
}

function outcomeOf(answer: Answer): Outcome<never> {
  if (answer.error !== undefined) return { kind: 'error', error: unpackError(answer.error) }
  return { kind: 'answer', value: answer.value as never }
}
