/**
 * The channel to one worker. Every question has one of three outcomes: the worker answers, it does not answer
 * in time, or it is gone. The caller always learns which.
 */
import type { SharedVerdict } from '../../cluster/shared-verdict.js'
import type { HeldSocket } from '../../io/engine.js'
import type { ServerHandle } from '../../io/listening/server-handle.js'
import type { BanFinding } from '../../limits/bans/ban-findings.js'
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
  /** The worker asks where a session is that it does not have. */
  searches(channel: WorkerChannel, question: SessionQuestion): void
  /** The worker has found out something that others have to know. */
  verdict(channel: WorkerChannel, verdict: SharedVerdict): void
  /** The worker has seen clients that are banned or refused. */
  seen(findings: readonly BanFinding[]): void
  /** Called once. */
  gone(channel: WorkerChannel, exit: Exit): void
}

export class WorkerChannel {
  readonly slot: number
  /** The version of the config that the worker has, and of the last order that it knows. */
  version = 0
  revision = 0
  /** The worker's last figures. */
  last: ProxyStatus | undefined
  readonly #process: WorkerProcess
  readonly #hooks: WorkerChannelHooks
  readonly #given = new WeakSet<HeldSocket>()
  readonly #pending = new Map<number, (outcome: Outcome<never>) => void>()
  /** The worker has owed an answer for too long. */
  isSilent = false
  #asked = 0
  #isPinged = false
  #missedPings = 0
  #isGone = false
  #failure: Error | undefined

  /** @throws Error if the system cannot start a process */
  constructor(slot: number, hooks: WorkerChannelHooks, fork: ForkWorker) {
    this.slot = slot
    this.#hooks = hooks
    this.#process = fork({
      message: (message) => this.#heard(message),
      // Its last messages may come after its exit.
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

  /** The worker's own reason why it cannot serve. Undefined: it gave none. */
  get failure(): Error | undefined {
    return this.#failure
  }

  /** The worker's name in errors and logs. */
  get name(): string {
    return `worker ${this.slot} (process ${this.pid})`
  }

  /** Without `withinMs`, it waits until the worker is gone. */
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

  /**
   * Asks whether the worker lives, unless it still owes that answer. Returns how many times in a row it owed
   * it.
   */
  ping(): number {
    if (this.#isPinged) return ++this.#missedPings
    this.#isPinged = true
    this.#missedPings = 0
    void this.ask({ method: 'readiness', args: [] }).then(() => {
      this.#isPinged = false
    })
    return 0
  }

  /** A worker on its way out gets no messages. Its exit is reported. */
  send(message: ToWorker, handle?: ServerHandle): void {
    if (this.#process.isConnected) this.#process.send(message, handle)
  }

  /**
   * Gives a worker each socket once, because the worker keeps it until its listener closes. A listener that
   * opens again has another socket. `place`: which of the sockets of this address it is.
   */
  give(address: string, place: number, socket: HeldSocket): void {
    if (this.#given.has(socket)) return
    this.#given.add(socket)
    this.send({ kind: 'socket', address, place }, socket.handle)
  }

  kill(): void {
    if (!this.#isGone) this.#process.kill()
  }

  #heard(message: ToSupervisor): void {
    if (message.kind === 'answer') {
      this.isSilent = false
      this.#pending.get(message.id)?.(outcomeOf(message))
    } else if (message.kind === 'counts') {
      this.last = { ...message.counts, processes: this.last?.processes ?? [] }
    } else if (message.kind === 'failed') this.#failure = unpackError(message.error)
    else if (message.kind === 'session') this.#hooks.searches(this, message)
    else if (message.kind === 'verdict') this.#hooks.verdict(this, message.verdict)
    else if (message.kind === 'seen') this.#hooks.seen(message.findings)
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
