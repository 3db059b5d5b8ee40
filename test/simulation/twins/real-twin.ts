/** Connections of the real addon, on the loopback interface. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Native } from '../../../src/io/kernel/native.js'
import * as native from '../../../src/io/kernel/native-constants.js'
import { BROKEN, PEER_ENDED, READABLE } from '../../../src/io/socket.js'
import type { FarSide, Twin } from './twin.js'

const HOST = '127.0.0.1'
const EVENT_CELLS = 6
const MOST_EVENTS = 64
const SCRATCH_BYTES = 64 * 1024
const OFFLOAD_CELLS = 2048
/** So many turns of the event loop are enough for a report of what was sent, if one comes at all: some ms. */
const MOST_TURNS = 1000

/** The addon, started once for the thread. */
export class RealAddon {
  readonly addon: Native
  readonly outcome = new Int32Array(new ArrayBuffer(4096))
  readonly scratch = Buffer.from(new ArrayBuffer(SCRATCH_BYTES))
  readonly #events = new Int32Array(new ArrayBuffer(MOST_EVENTS * EVENT_CELLS * 4))
  readonly #listener: number
  readonly #port: number
  readonly #told = new Map<number, number>()
  readonly #isReported = new Set<number>()
  #generation = 0

  constructor(addon: Native) {
    this.addon = addon
    const cells = (): Int32Array => new Int32Array(new ArrayBuffer(OFFLOAD_CELLS * 4))
    const told = (count: number): void => this.#heard(count)
    addon.start(told, this.#events, this.outcome, this.scratch, cells(), cells())
    addon.keepAlive(true)
    addon.sizePipes(1024 * 1024, 64 * 1024 * 1024, 0)
    this.#listener = addon.listen(HOST, 0, 8, false, false, 0, 0, 0, 0, native.NO_SOCKET)
    addon.localAddress(this.#listener)
    this.#port = this.outcome[native.PORT]!
  }

  async twin(): Promise<Twin> {
    const { addon, outcome, scratch } = this
    const [sayer, source] = await this.#connection()
    const [sink, taker] = await this.#connection()
    await this.#reported(source)
    this.#told.clear()
    return {
      addon,
      outcome,
      scratch,
      source,
      sink,
      sayer: this.#far(sayer, source),
      taker: this.#far(taker, sink),
      events: () => this.#bitsOf(source),
      close: () => {
        for (const fd of [sayer, source, sink, taker]) addon.close(fd)
      },
    }
  }

  close(): void {
    this.addon.close(this.#listener)
    this.addon.keepAlive(false)
  }

  async #connection(): Promise<[from: number, to: number]> {
    const from = this.addon.connect(HOST, this.#port, ++this.#generation, native.NO_SOCKET)
    for (;;) {
      const to = this.addon.accept(this.#listener, ++this.#generation)
      if (to >= 0) return [from, to]
      await nextTurn()
    }
  }

  #heard(count: number): void {
    for (let at = 0; at < count * EVENT_CELLS; at += EVENT_CELLS) {
      const [fd, , readiness] = this.#events.subarray(at, at + EVENT_CELLS) as unknown as [
        number,
        number,
        number,
      ]
      this.#isReported.add(fd)
      this.#told.set(fd, (this.#told.get(fd) ?? 0) | readiness)
    }
  }

  /** The readiness bits that were reported for `fd` by now. */
  async #bitsOf(fd: number): Promise<number> {
    const bits = (this.#told.get(fd) ?? 0) & (READABLE | PEER_ENDED | BROKEN)
    this.#told.delete(fd)
    return bits
  }

  /** Runs `act`, and then waits for its event at `near`. A connection that is already over has no event. */
  async #acted<Result>(near: number, act: () => Result): Promise<Result> {
    this.#isReported.delete(near)
    const result = act()
    await this.#reported(near)
    return result
  }

  async #reported(fd: number): Promise<void> {
    for (let turn = 0; turn < MOST_TURNS && !this.#isReported.has(fd); turn++) await nextTurn()
  }

  #far(fd: number, near: number): FarSide {
    const { addon, outcome, scratch } = this
    return {
      send: (bytes) =>
        this.#acted(near, () => {
          addon.send(fd, bytes)
          return outcome[native.OUT]!
        }),
      end: () => this.#acted(near, () => void addon.shutdown(fd)),
      reset: () => this.#acted(near, () => void addon.reset(fd)),
      take: () => {
        const came: Buffer[] = []
        for (let count = 1; count > 0; ) {
          count = addon.receive(fd, SCRATCH_BYTES, false)
          if (count > 0) came.push(Buffer.from(scratch.subarray(0, count)))
        }
        return Buffer.concat(came)
      },
    }
  }
}
