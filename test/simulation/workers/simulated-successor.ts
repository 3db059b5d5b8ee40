/**
 * A process that was started to take the place of another one, and the channel between both. Either may end or hang at any time. The
 * other one hears of that later.
 */
import type { ServerHandle } from '../../../src/io/listening/server-handle.js'
import type { ToPredecessor, ToSuccessor } from '../../../src/upgrade/messages.js'
import type { PredecessorChannel } from '../../../src/upgrade/predecessor-channel.js'
import { FIRST_FD } from '../../../src/upgrade/protocol.js'
import type { SuccessorHooks, SuccessorProcess } from '../../../src/upgrade/successor-process.js'
import type { Random } from '../random.js'
import { Link } from './link.js'
import type { Process } from './process.js'
import { SimulatedHandle } from './simulated-handle.js'

export class SimulatedSuccessor implements SuccessorProcess {
  readonly pid: number
  readonly process: Process
  readonly channel: PredecessorChannel
  readonly #predecessor: Process
  readonly #hooks: SuccessorHooks
  /** The inherited fds, in this process. */
  readonly #fds: readonly number[]
  readonly #down = new Link<ToSuccessor>()
  readonly #up = new Link<ToPredecessor>()
  #begin: (() => void) | undefined
  #heard: ((message: unknown) => void) | undefined
  #left = (): void => {}
  #isLeftTold = false
  #isGoneTold = false

  constructor(
    pid: number,
    process: Process,
    predecessor: Process,
    fds: readonly number[],
    hooks: SuccessorHooks,
  ) {
    this.pid = pid
    this.process = process
    this.#predecessor = predecessor
    this.#hooks = hooks
    this.#fds = fds.map((fd) => process.kernel.share(predecessor.kernel.queueOf(fd)!))
    this.channel = {
      hear: (heard, left) => {
        this.#heard = heard
        this.#left = left
      },
      tell: (message) => {
        if (process.state !== 'gone' && predecessor.state !== 'gone') this.#up.send(message)
        return new Promise((resolve) => setImmediate(resolve))
      },
      kill: () => predecessor.exit(),
      rest: () => {},
    }
  }

  /** `begin` is called once the process runs. */
  boot(begin: () => void): void {
    this.#begin = begin
  }

  /** Of an inherited socket. */
  readonly handleOf = (fd: number): ServerHandle =>
    new SimulatedHandle(this.process.kernel, this.#fds[fd - FIRST_FD]!)

  send(message: ToSuccessor): Promise<void> {
    if (this.process.state !== 'gone') this.#down.send(message)
    return new Promise((resolve) => setImmediate(resolve))
  }

  kill(): void {
    this.process.exit()
  }

  get isBusy(): boolean {
    const isGone = this.process.state === 'gone'
    if (this.#predecessor.state === 'runs' && (!this.#up.isEmpty || (isGone && !this.#isGoneTold)))
      return true
    if (this.process.state !== 'runs') return false
    const isLeft = this.#predecessor.state === 'gone' && !this.#isLeftTold
    return this.#begin !== undefined || !this.#down.isEmpty || isLeft
  }

  /** `random` decides how much of what is due happens. Without it all of it does. */
  turn(random: Random | undefined): void {
    if (this.process.state === 'runs') this.#turnHere(random)
    if (this.#predecessor.state !== 'runs') return
    for (let most = howMany(this.#up.length, random); most > 0; most--) {
      this.#up.bring((message) => this.#predecessor.run(() => this.#hooks.message(message)))
    }
    const isOver = this.process.state === 'gone' && this.#up.isEmpty && !this.#isGoneTold
    if (!isOver || random?.chance(0.5)) return
    this.#isGoneTold = true
    this.#predecessor.run(() => {
      this.#hooks.exited('it was ended by SIGKILL')
      this.#hooks.closed(undefined)
    })
  }

  #turnHere(random: Random | undefined): void {
    const begin = this.#begin
    if (begin !== undefined) {
      if (random?.chance(0.7)) return
      this.#begin = undefined
      this.process.run(begin)
    }
    if (this.#heard === undefined) return
    for (let most = howMany(this.#down.length, random); most > 0; most--) {
      this.#down.bring((message) => this.process.run(() => this.#heard!(message)))
    }
    const isLeft = this.#predecessor.state === 'gone' && this.#down.isEmpty && !this.#isLeftTold
    if (!isLeft || random?.chance(0.5)) return
    this.#isLeftTold = true
    this.process.run(() => this.#left())
  }
}

const howMany = (all: number, random: Random | undefined): number =>
  random === undefined ? all : random.int(0, all)
