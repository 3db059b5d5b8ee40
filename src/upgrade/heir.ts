/** The successor as the predecessor sees it: what it was given, and how far it is. */
import type { Control } from '../control/control.js'
import { MillraceError } from '../errors.js'
import {
  type Begin,
  type HandedState,
  type Left,
  readToPredecessor,
  type Serving,
  type ToSuccessor,
} from './messages.js'
import { unpackPlain } from './plain-error.js'
import { Questions } from './questions.js'
import { Stage } from './stage.js'
import type { StartSuccessor, SuccessorProcess } from './successor-process.js'

export class Heir {
  /** Resolves with its version when it could serve. Rejects if it fails before. */
  readonly ready = new Stage<string>()
  /** Resolves when it serves. */
  readonly serving = new Stage<Serving>()
  /** Resolves when its process is gone. */
  readonly gone = new Stage<void>()
  readonly #process: SuccessorProcess
  readonly #questions: Questions
  /** Its own reason why it cannot serve. */
  #failure: Error | undefined

  /** `fds`: the listening sockets that it inherits. `own`: answers its questions. */
  constructor(start: StartSuccessor, fds: readonly number[], begin: Begin, own: Control) {
    this.#process = start(fds, {
      message: (message) => this.#heard(message),
      gone: (why) => this.#end(why),
    })
    this.#questions = new Questions(own, (message) => void this.#process.send(message))
    void this.#process.send(begin)
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  /** Its control. */
  get control(): Control {
    return this.#questions.control
  }

  hand(state: HandedState): void {
    void this.#process.send({ kind: 'state', state })
  }

  /** Resolves when the message is on its way. */
  tell(left: Left): Promise<void> {
    const message: ToSuccessor = { kind: 'left', ...left }
    return this.#process.send(message)
  }

  /** Resolves when it is gone. It has no chance to do anything more. */
  async kill(): Promise<void> {
    this.#process.kill()
    await this.gone.reached
  }

  #heard(message: unknown): void {
    try {
      const told = readToPredecessor(message)
      if (told.kind === 'ready') this.ready.reach(told.version)
      else if (told.kind === 'serving') this.serving.reach(told)
      else if (told.kind === 'failed') this.#failure = unpackPlain(told.error)
      else this.#questions.heard(told)
    } catch (error) {
      this.#failure = error as Error
      this.#process.kill()
    }
  }

  #end(why: string): void {
    const failure = this.#failure ?? new MillraceError('wrong-state', `the new process failed: ${why}`)
    this.#questions.gone()
    this.ready.fail(failure)
    this.serving.fail(failure)
    this.gone.reach()
  }
}
