/** A connection in memory: two ends, each of which reads what the other one writes. No socket is opened. */
import { Duplex } from 'node:stream'

/** Counts what moves on wires, so that somebody can tell whether anything still happens. */
export class Traffic {
  moves = 0
}

export class WireEnd extends Duplex {
  readonly #traffic: Traffic
  #other: WireEnd | undefined

  private constructor(traffic: Traffic) {
    super()
    this.#traffic = traffic
    this.on('error', () => {})
  }

  static pair(traffic: Traffic): readonly [WireEnd, WireEnd] {
    const [one, other] = [new WireEnd(traffic), new WireEnd(traffic)]
    one.#other = other
    other.#other = one
    return [one, other]
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#give(chunk)
    done()
  }

  override _final(done: () => void): void {
    this.#give(null)
    done()
  }

  /** The other end sees a broken connection, unless it has seen the end of this one. */
  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const other = this.#other
    this.#traffic.moves++
    if (other !== undefined) process.nextTick(() => other.destroy())
    done(error)
  }

  #give(chunk: Buffer | null): void {
    this.#traffic.moves++
    const other = this.#other
    if (other !== undefined && !other.destroyed && !other.readableEnded) other.push(chunk)
  }
}
