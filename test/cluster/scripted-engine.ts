/**
 * A mock engine. The test decides the outcome of each connect. As with a real engine, the callback comes once, after
 * `dial` has returned, and never after `cancel`.
 */
import { type Address, formatAddress } from '../../src/address.js'
import type { Dial, DialOutcome } from '../../src/io/engine.js'
import type { Socket } from '../../src/io/socket.js'

type Answer = (outcome: DialOutcome) => void

export class ScriptedEngine {
  /** The dialled addresses, in order. */
  readonly dialled: string[] = []
  /** How many connects were cancelled. */
  cancelled = 0
  /** How many connections were reset right after the connect. */
  resets = 0
  /** The outcome of connects by address: an errno, '' for success, `never` for no answer. Default: success. */
  readonly outcomes = new Map<string, string>()
  readonly #hanging: { address: string; answer: Answer }[] = []

  dial(address: Address, _connectMs: number, done: Answer): Dial {
    const text = formatAddress(address)
    this.dialled.push(text)
    let isOver = false
    const answer = (outcome: DialOutcome) => {
      if (isOver) return
      isOver = true
      done(outcome)
    }
    const errno = this.outcomes.get(text) ?? ''
    if (errno === 'never') this.#hanging.push({ address: text, answer })
    else queueMicrotask(() => answer(this.#outcomeOf(errno)))
    return {
      cancel: () => {
        this.cancelled += isOver ? 0 : 1
        isOver = true
      },
    }
  }

  /** Answers the connects to `address` that wait for an answer. */
  settle(address: string, errno: string): void {
    for (const each of this.#hanging.splice(0)) {
      if (each.address === address) each.answer(this.#outcomeOf(errno))
      else this.#hanging.push(each)
    }
  }

  #outcomeOf(errno: string): DialOutcome {
    const reset = (): void => {
      this.resets++
    }
    return { socket: errno === '' ? ({ reset } as Socket) : undefined, errno }
  }
}
