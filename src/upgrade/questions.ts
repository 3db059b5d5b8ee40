/** Questions about the whole proxy that one process of an upgrade asks the other one: methods of its control. */
import { CONTROL_METHODS, type Control } from '../control/control.js'
import { MillraceError } from '../errors.js'
import { VERSION } from '../version.js'
import { callOn, forwarding } from './forwarding.js'
import type { Answer, Ask } from './messages.js'
import { packPlain, unpackPlain } from './plain-error.js'

interface Pending {
  resolve(value: unknown): void
  reject(error: Error): void
}

export class Questions {
  /** The control of the other process. */
  readonly control: Control = forwarding((method, args) => this.#ask(method, args))
  readonly #send: (message: Ask | Answer) => void
  readonly #own: Control
  readonly #pending = new Map<number, Pending>()
  #asked = 0
  #isGone = false

  /** `own`: answers the questions of the other process. */
  constructor(own: Control, send: (message: Ask | Answer) => void) {
    this.#own = own
    this.#send = send
  }

  heard(message: Ask | Answer): void {
    if (message.kind === 'ask') {
      void this.#answer(message)
      return
    }
    const pending = this.#pending.get(message.id)
    this.#pending.delete(message.id)
    const { error } = message
    if (error === undefined) pending?.resolve(message.value)
    else pending?.reject(unpackPlain(error))
  }

  /** No more answers come. */
  gone(): void {
    this.#isGone = true
    for (const { reject } of this.#pending.values()) reject(new Error(GONE))
    this.#pending.clear()
  }

  #ask(method: keyof Control, args: readonly unknown[]): Promise<unknown> {
    if (this.#isGone) return Promise.reject(new Error(GONE))
    const id = ++this.#asked
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject })
      this.#send({ kind: 'ask', id, method, args: [...args] })
    })
  }

  async #answer({ id, method, args }: Ask): Promise<void> {
    try {
      const value = await callOn(this.#own, knownMethod(method), args)
      this.#send({ kind: 'answer', id, value, error: undefined })
    } catch (error) {
      this.#send({ kind: 'answer', id, value: undefined, error: packPlain(error) })
    }
  }
}

/** The other process may be of a version that can do more. */
function knownMethod(name: string): keyof Control {
  const method = CONTROL_METHODS.find((each) => each === name)
  if (method === undefined)
    throw new MillraceError('wrong-state', `millrace ${VERSION} does not know ${name}`)
  return method
}

const GONE = 'the other process of the upgrade is gone'
