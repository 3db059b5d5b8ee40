/** The successor as the predecessor sees it: what it was given, and how far it is. */
import type { Control } from '../control/control.js'
import { MillraceError } from '../errors.js'
import {
  type Begin,
  type HandedState,
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
  /** Why it cannot serve. */
  #failure: Error | undefined
  #isServing = false
  #isClosed = false
  /** How its process has ended. */
  #exit: string | undefined

  /** `fds`: the listening sockets that it inherits. `own`: answers its questions. */
  constructor(start: StartSuccessor, fds: readonly number[], begin: Begin, own: Control) {
    this.#process = start(fds, {
      message: (message) => this.#heard(message),
      closed: (why) => this.#closed(why),
      exited: (why) => this.#exited(why),
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
  tell(message: Extract<ToSuccessor, { kind: 'left' | 'limits' }>): Promise<void> {
    return this.#process.send(message)
  }

  /** Resolves when it is gone. It has no chance to do anything more. */
  async kill(): Promise<void> {
    this.#process.kill()
    await this.gone.reached
  }

  /** A message that this version does not understand changes nothing once the successor serves: it is the one that clients have. */
  #heard(message: unknown): void {
    try {
      const told = readToPredecessor(message)
      if (told.kind === 'ready') this.ready.reach(told.version)
      else if (told.kind === 'serving') this.#serves(told)
      else if (told.kind === 'failed') throw unpackPlain(told.error)
      else this.#questions.heard(told)
    } catch (error) {
      this.#reject(error as Error)
    }
  }

  #serves(told: Serving): void {
    this.#isServing = true
    this.serving.reach(told)
  }

  /** It has no chance to serve. */
  #reject(why: Error | undefined): void {
    if (this.#isServing) return
    this.#failure ??= why
    this.#process.kill()
  }

  /** Before it serves: a process that cannot be heard any more cannot be trusted with the clients either. */
  #closed(why: string | undefined): void {
    this.#isClosed = true
    this.#reject(why === undefined ? undefined : failed(why))
    if (this.#exit !== undefined || this.#isServing) this.#end()
  }

  /** Its last messages may come after that. */
  #exited(why: string): void {
    this.#exit = why
    if (this.#isClosed) this.#end()
  }

  #end(): void {
    const failure = this.#failure ?? failed(this.#exit ?? 'it is gone')
    this.#questions.gone()
    this.ready.fail(failure)
    this.serving.fail(failure)
    this.gone.reach()
  }
}

const failed = (why: string): MillraceError =>
  new MillraceError('wrong-state', `the new process failed: ${why}`)
