/**
 * The workers that serve at this moment, as somebody who asks all of them sees them. It knows nothing of why one is
 * forked. Nobody waits for ever: a worker that is stuck is told of, and the others' answers count.
 */
import { MillraceError } from '../errors.js'
import type { Log } from '../observe/log.js'
import type { Line, Outcome } from './line.js'
import type { Call } from './messages.js'

/** For what every worker has at hand (ms). */
export const LOOK_WITHIN_MS = 1500
/** For what it may have to work for (ms). Shorter than the command waits. */
export const ORDER_WITHIN_MS = 5000

/** What one worker has answered; undefined where it does not answer. */
export interface Seen<Value> {
  readonly line: Line
  readonly value: Value | undefined
}

export class Crew {
  /** By their place. */
  readonly #lines = new Map<number, Line>()
  readonly #log: Log

  constructor(log: Log) {
    this.#log = log
  }

  get lines(): readonly Line[] {
    return [...this.#lines.values()].sort((a, b) => a.place - b.place)
  }

  join(line: Line): void {
    this.#lines.set(line.place, line)
  }

  leave(line: Line): void {
    if (this.#lines.get(line.place) === line) this.#lines.delete(line.place)
  }

  /** It owes an answer for too long: it is not asked again before it has answered. */
  noteSilence(line: Line): void {
    if (line.isSilent) return
    line.isSilent = true
    this.#log.warn({ worker: line.place, workerPid: line.pid }, 'a worker does not answer')
  }

  /** Of all but those that are gone meanwhile. Rejects with the first error. */
  async look<Value>(call: Call): Promise<Seen<Value>[]> {
    const seen = await Promise.all(this.lines.map((line) => this.#lookAt<Value>(line, call)))
    return seen.flat()
  }

  /**
   * Of those that live to answer. Rejects when all have had their time: with the first error, or with
   * `worker-silent`. A worker without a call is not asked; without a time it has until it is gone.
   */
  async order<Value>(callFor: (line: Line) => Call | undefined, withinMs?: number): Promise<Value[]> {
    const asked = this.lines.flatMap((line) => {
      const call = callFor(line)
      return call === undefined ? [] : [{ line, call }]
    })
    const outcomes = await Promise.all(asked.map(({ line, call }) => line.ask<Value>(call, withinMs)))
    const problem = problemOf(
      asked.map(({ line }) => line),
      outcomes,
    )
    if (problem !== undefined) throw problem
    return outcomes.flatMap((outcome) => (outcome.kind === 'answer' ? [outcome.value] : []))
  }

  async #lookAt<Value>(line: Line, call: Call): Promise<Seen<Value>[]> {
    if (line.isSilent) return [{ line, value: undefined }]
    const outcome = await line.ask<Value>(call, LOOK_WITHIN_MS)
    if (outcome.kind === 'error') throw outcome.error
    if (outcome.kind === 'gone') return []
    if (outcome.kind === 'answer') return [{ line, value: outcome.value }]
    this.noteSilence(line)
    return [{ line, value: undefined }]
  }
}

/** Why an order has not reached everybody; undefined where it has. */
export function problemOf(lines: readonly Line[], outcomes: readonly Outcome<unknown>[]): Error | undefined {
  const failed = outcomes.find((outcome) => outcome.kind === 'error')
  if (failed?.kind === 'error') return failed.error
  const silent = lines.filter((_, index) => outcomes[index]?.kind === 'silent')
  return silent.length === 0 ? undefined : silence(silent)
}

export function silence(lines: readonly Line[]): MillraceError {
  return new MillraceError('worker-silent', `no answer from ${lines.map(({ name }) => name).join(', ')}`)
}
