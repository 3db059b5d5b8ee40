/**
 * The workers that serve now, for code that asks all of them. It does not know why a worker was started. No
 * question waits for ever: a worker that is stuck is reported, and the answers of the others count.
 */
import { MillraceError } from '../../errors.js'
import type { Log } from '../../observe/log/log.js'
import type { Call } from '../messages.js'
import type { Outcome, WorkerChannel } from './worker-channel.js'

/** ms for questions whose answer every worker has at hand. */
export const LOOK_WITHIN_MS = 1500
/** ms for orders that may take work. Shorter than the command waits. */
export const ORDER_WITHIN_MS = 5000

/** The answer of one worker. Undefined: it does not answer. */
export interface Seen<Value> {
  readonly channel: WorkerChannel
  readonly value: Value | undefined
}

export class ServingWorkers {
  /** By slot. */
  readonly #channels = new Map<number, WorkerChannel>()
  readonly #log: Log

  constructor(log: Log) {
    this.#log = log
  }

  get channels(): readonly WorkerChannel[] {
    return [...this.#channels.values()].sort((a, b) => a.slot - b.slot)
  }

  join(channel: WorkerChannel): void {
    this.#channels.set(channel.slot, channel)
  }

  leave(channel: WorkerChannel): void {
    if (this.#channels.get(channel.slot) === channel) this.#channels.delete(channel.slot)
  }

  /** The worker has owed an answer for too long. It is not asked again before it has answered. */
  noteSilence(channel: WorkerChannel): void {
    if (channel.isSilent) return
    channel.isSilent = true
    this.#log.warn({ worker: channel.slot, workerPid: channel.pid }, 'a worker does not answer')
  }

  /**
   * The answers of all workers that are not gone meanwhile. Rejects with the first error. `answered` gets
   * each answer when it comes, because others may take longer and the worker may report newer figures
   * meanwhile.
   */
  async look<Value>(
    call: Call,
    answered: (channel: WorkerChannel, value: Value) => void = () => {},
  ): Promise<Seen<Value>[]> {
    const seen = this.channels.map((channel) => this.#lookAt(channel, call, answered))
    return (await Promise.all(seen)).flat()
  }

  /**
   * The answers of the workers that live to give one. Rejects when all have had their time: with the first
   * error, or with `worker-silent`. A worker without a call is not asked. Without `withinMs` it waits until
   * the worker is gone.
   */
  async order<Value>(
    callFor: (channel: WorkerChannel) => Call | undefined,
    withinMs?: number,
  ): Promise<Value[]> {
    const asked = this.channels.flatMap((channel) => {
      const call = callFor(channel)
      return call === undefined ? [] : [{ channel, call }]
    })
    const outcomes = await Promise.all(asked.map(({ channel, call }) => channel.ask<Value>(call, withinMs)))
    const problem = problemOf(
      asked.map(({ channel }) => channel),
      outcomes,
    )
    if (problem !== undefined) throw problem
    return outcomes.flatMap((outcome) => (outcome.kind === 'answer' ? [outcome.value] : []))
  }

  /**
   * Tells it to all workers, also to those that do not answer: they do it when they can. Resolves when the others have done it, or
   * after `withinMs`. Rejects with the first error.
   */
  async tell(call: Call, withinMs: number): Promise<void> {
    const told = this.channels.map(async (channel) => {
      const outcome = await channel.ask<void>(call, channel.isSilent ? 0 : withinMs)
      if (outcome.kind === 'error') throw outcome.error
      if (outcome.kind === 'silent') this.noteSilence(channel)
    })
    await Promise.all(told)
  }

  /** Whether all workers answer that serve now. */
  async answers(): Promise<boolean> {
    const seen = await this.look({ method: 'readiness', args: [] })
    return seen.every(({ value }) => value !== undefined)
  }

  async #lookAt<Value>(
    channel: WorkerChannel,
    call: Call,
    answered: (channel: WorkerChannel, value: Value) => void,
  ): Promise<Seen<Value>[]> {
    if (channel.isSilent) return [{ channel, value: undefined }]
    const outcome = await channel.ask<Value>(call, LOOK_WITHIN_MS)
    if (outcome.kind === 'error') throw outcome.error
    if (outcome.kind === 'gone') return []
    if (outcome.kind === 'answer') {
      answered(channel, outcome.value)
      return [{ channel, value: outcome.value }]
    }
    this.noteSilence(channel)
    return [{ channel, value: undefined }]
  }
}

/** Why an order has not reached every worker. Undefined: it has. */
export function problemOf(
  channels: readonly WorkerChannel[],
  outcomes: readonly Outcome<unknown>[],
): Error | undefined {
  const failed = outcomes.find((outcome) => outcome.kind === 'error')
  if (failed?.kind === 'error') return failed.error
  const silent = channels.filter((_, index) => outcomes[index]?.kind === 'silent')
  return silent.length === 0 ? undefined : silence(silent)
}

export function silence(channels: readonly WorkerChannel[]): MillraceError {
  return new MillraceError('worker-silent', `no answer from ${channels.map(({ name }) => name).join(', ')}`)
}
