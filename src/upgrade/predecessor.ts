/**
 * The predecessor as the successor sees it: what it hands over, and what is left of it. If it dies, this process goes on without
 * what it has not handed over.
 */
import type { Control } from '../control/control.js'
import { MillraceError } from '../errors.js'
import { CountsOfAnother } from '../limits/counts/counts-of-another.js'
import { mergeStatuses } from '../observe/counts/merge.js'
import { pastOf } from '../observe/counts/past.js'
import { readStatus } from '../observe/counts/read-status.js'
import type { ProxyStatus } from '../observe/status.js'
import { VERSION } from '../version.js'
import { reachingBoth } from './both-processes.js'
import type { Elder } from './elder.js'
import { callOn, forwarding } from './forwarding.js'
import {
  type Begin,
  type HandedState,
  type Left,
  readToSuccessor,
  type ToPredecessor,
  type ToSuccessor,
} from './messages.js'
import { packPlain } from './plain-error.js'
import { openPredecessorChannel, type PredecessorChannel } from './predecessor-channel.js'
import { PROTOCOL } from './protocol.js'
import { Questions } from './questions.js'
import { Stage } from './stage.js'
import { takeUp } from './state.js'
import type { Succession } from './succession.js'

export class Predecessor implements Elder {
  readonly begun = new Stage<Begin>()
  /** Resolves when its last connection has ended, or when it has died. */
  readonly gone = new Stage<void>()
  readonly #channel: PredecessorChannel
  readonly #state = new Stage<HandedState | undefined>()
  #questions: Questions | undefined
  #limits: CountsOfAnother | undefined
  #left: { readonly past: ProxyStatus; readonly connections: number } | undefined
  #begin: Begin | undefined
  #isGone = false
  #isServing = false

  private constructor(channel: PredecessorChannel) {
    this.#channel = channel
  }

  /** The process that has started this one to take its place. Rejects with `wrong-state` if it is gone. */
  static async meet(channel = openPredecessorChannel()): Promise<Predecessor> {
    const predecessor = new Predecessor(channel)
    predecessor.#listen()
    predecessor.#begin = await predecessor.begun.reached
    return predecessor
  }

  get pid(): number {
    return this.#begin?.pid ?? 0
  }

  get control(): Control {
    return this.#questions!.control
  }

  get isThere(): boolean {
    return this.#isServing && !this.#isGone
  }

  end(): void {
    this.#channel.kill(this.pid)
  }

  /** Sockets that a service manager has opened for it. They are the sockets of this process now. */
  get activated(): Begin['activated'] {
    return this.#begin?.activated ?? []
  }

  /** Changes to the config that operators have made. Undefined: it does not know such changes. */
  get changes(): Begin['changes'] {
    return this.#begin?.changes
  }

  /** Tells why this process cannot serve. Resolves when the message is on its way. */
  fail(error: unknown): Promise<void> {
    return this.#tell({ kind: 'failed', error: packPlain(error) })
  }

  /** This process could serve now. Goes on with what the predecessor had as soon as that has it ready. */
  async takeOver(succession: Succession): Promise<void> {
    this.#questions = new Questions(succession.control, (message) => void this.#tell(message))
    const { counts, log } = succession
    if (counts !== undefined) this.#limits = new CountsOfAnother(counts)
    await this.#tell({ kind: 'ready', protocol: PROTOCOL, version: VERSION })
    const state = await this.#state.reached
    if (state === undefined)
      log.error(
        { predecessor: this.pid },
        'the old process has died before it handed over its state: this process goes on without it',
      )
    else {
      this.#note(state)
      await takeUp(state, succession)
    }
  }

  /** This process serves. `handOver`: unix sockets at which its processes take connections over. `since`: ms since 1970. */
  serves(handOver: readonly string[], since: number): Promise<void> {
    this.#channel.rest()
    this.#isServing = true
    return this.#tell({ kind: 'serving', handOver: [...handOver], since })
  }

  /** The control of this process, with what the predecessor has counted, and with the connections that are left there. */
  beside(control: Control, drainMs: () => number): Control {
    return forwarding((method, args) => callOn(control, method, args), {
      ...reachingBoth(control, this, drainMs),
      status: async () => this.#beside(await control.status()),
    })
  }

  #beside(own: ProxyStatus): ProxyStatus {
    if (this.#left === undefined) return own
    const { past, connections } = this.#left
    const predecessor = this.#isGone ? undefined : { pid: this.pid, connections }
    return { ...own, ...mergeStatuses([own, past]), notSplicing: own.notSplicing, predecessor }
  }

  #listen(): void {
    const heard = (message: unknown): void => {
      try {
        this.#heard(readToSuccessor(message))
      } catch (error) {
        // Before this process serves, it ends then. After that, it does without what it does not understand.
        void this.fail(error)
      }
    }
    this.#channel.hear(heard, () => this.#end())
  }

  #heard(message: ToSuccessor): void {
    if (message.kind === 'begin') this.begun.reach(message)
    else if (message.kind === 'state') this.#state.reach(message.state)
    else if (message.kind === 'left') this.#note(message)
    else if (message.kind === 'limits') this.#limits?.update(message.limits)
    else this.#questions?.heard(message)
  }

  #note({ counts, connections }: Left): void {
    const past = pastOf(readStatus(counts))
    // It tells when this process began to serve.
    this.#left = { past: { ...past, startedAt: undefined }, connections }
  }

  #end(): void {
    this.#isGone = true
    this.#limits?.clear()
    this.#questions?.gone()
    this.begun.fail(new MillraceError('wrong-state', 'the process that started this one is gone'))
    this.#state.reach(undefined)
    this.gone.reach()
  }

  #tell(message: ToPredecessor): Promise<void> {
    return this.#channel.tell(message)
  }
}
