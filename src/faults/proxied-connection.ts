/** One connection through a faulty proxy: two sockets, two directions, and a schedule of faults. It never throws. */
import type { Socket } from 'node:net'
import type { Clock } from './clock.js'
import type { Direction, Fault } from './fault.js'
import { FaultyDirection } from './faulty-direction.js'
import { type Position, Schedule } from './schedule.js'
import { treatmentOf } from './treatment.js'

/**
 * The time for the receivers to read what came before a reset. libuv reports a reset as an end if bytes are still queued before it, and
 * a reset discards what the kernel has not sent.
 */
export const RESET_AFTER_MS = 10

export interface Opening {
  readonly client: Socket
  readonly clock: Clock
  /** Begins to connect to the target. */
  readonly dial: () => Socket
}

export class ProxiedConnection {
  readonly #client: Socket
  readonly #clock: Clock
  readonly #dial: () => Socket
  /** Resolves when both sockets are closed. */
  readonly ended: Promise<void>
  #tellEnded: () => void = () => {}
  #target: Socket | undefined
  #directions: Record<Direction, FaultyDirection> | undefined
  #schedule: Schedule
  #error: NodeJS.ErrnoException | undefined
  #isOver = false
  #isOpen = true
  #openSockets = 1
  #stopTimer: (() => void) | undefined

  constructor({ client, clock, dial }: Opening) {
    this.#client = client
    this.#clock = clock
    this.#dial = dial
    this.ended = new Promise((resolve) => {
      this.#tellEnded = resolve
    })
    this.#schedule = new Schedule([], this.#position())
    this.#watch(client)
  }

  get faults(): readonly Fault[] {
    return this.#schedule.faults
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  get error(): NodeJS.ErrnoException | undefined {
    return this.#error
  }

  /** Bytes that have been given to the receiver. */
  passed(direction: Direction): number {
    return this.#directions?.[direction].passed ?? 0
  }

  /** Replaces the faults. `after` counts from now on, or from the moment when the target is connected. */
  set(faults: readonly Fault[]): void {
    const { up, down } = this.#directions ?? {}
    const from = { up: up?.given ?? 0, down: down?.given ?? 0, at: this.#clock.now() }
    this.#schedule = new Schedule(faults, from)
    if (this.#directions !== undefined && !this.#isOver) this.#follow('up', 'down')
  }

  /** Connects to the target, or refuses the client. */
  open(): void {
    if (this.#isOver) return
    if (this.faults.some((fault) => fault.do === 'refuse')) this.reset()
    else this.#connect()
  }

  #connect(): void {
    const [client, target] = [this.#client, this.#dial()]
    this.#target = target
    this.#openSockets = 2
    this.#watch(target)
    target.once('connect', () => {
      this.#directions = {
        up: new FaultyDirection(client, target, this.#clock, () => this.#follow('down')),
        down: new FaultyDirection(target, client, this.#clock, () => this.#follow('up')),
      }
      this.set(this.faults)
      if (this.#isOver) return
      this.#directions.up.start()
      this.#directions.down.start()
    })
  }

  /** Sends RST to both sides. */
  reset(): void {
    this.#stop()
    resetSocket(this.#client)
    if (this.#target !== undefined) resetSocket(this.#target)
  }

  /** Closes both sockets. */
  destroy(): void {
    this.#stop()
    this.#client.destroy()
    this.#target?.destroy()
  }

  /** Passes nothing on from now on. In the same turn, the receivers read what came before. */
  #resetSoon(): void {
    this.#stop()
    this.#client.resume()
    this.#target?.resume()
    this.#stopTimer = this.#clock.after(RESET_AFTER_MS, () => setImmediate(() => this.reset()))
  }

  #stop(): void {
    this.#isOver = true
    this.#stopTimer?.()
    this.#directions?.up.stop()
    this.#directions?.down.stop()
  }

  #position(): Position {
    return { up: this.passed('up'), down: this.passed('down'), at: this.#clock.now() }
  }

  /** Begins the faults that are due. Then it wakes these directions. A caller that is a direction itself goes on by itself. */
  #follow(...woken: readonly Direction[]): void {
    const { up, down } = this.#directions!
    const schedule = this.#schedule
    const beginning = schedule.advance(this.#position())
    const { begun } = schedule
    up.change(treatmentOf('up', begun), schedule.limitOf('up'))
    down.change(treatmentOf('down', begun), schedule.limitOf('down'))
    this.#stopTimer?.()
    if (schedule.nextAt < Number.POSITIVE_INFINITY)
      this.#stopTimer = this.#clock.after(Math.max(0, schedule.nextAt - this.#clock.now()), () =>
        this.#follow('up', 'down'),
      )
    for (const fault of beginning) this.#begin(fault)
    for (const direction of woken) queueMicrotask(() => this.#wake(direction))
  }

  /** Faults that end something. The others are treatments. */
  #begin(fault: Fault): void {
    if (fault.do === 'reset') this.#resetSoon()
    if (fault.do === 'close' || (fault.do === 'halfClose' && fault.direction === 'up'))
      this.#directions?.up.halfClose()
    if (fault.do === 'close' || (fault.do === 'halfClose' && fault.direction === 'down'))
      this.#directions?.down.halfClose()
  }

  #wake(direction: Direction): void {
    if (!this.#isOver) this.#directions?.[direction].wake()
  }

  /** An error of one side resets the other one. */
  #watch(socket: Socket): void {
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (!this.#isOver) this.#error = error
      this.reset()
    })
    socket.once('close', () => {
      this.#openSockets -= 1
      if (this.#openSockets > 0) return
      this.#stop()
      this.#isOpen = false
      this.#tellEnded()
    })
  }
}

/** Sockets of no TCP have no RST: they are closed. */
function resetSocket(socket: Socket): void {
  if (socket.destroyed) return
  // libuv refuses a reset while FIN is on its way. Node would then never close the socket.
  const isEnding = socket.writableEnded && !socket.writableFinished
  const isTcp = socket.remoteAddress !== undefined
  if (isTcp && !isEnding && !socket.connecting) socket.resetAndDestroy()
  else socket.destroy()
}
