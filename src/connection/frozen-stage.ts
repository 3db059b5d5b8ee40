/**
 * The stage of a connection whose pipe stands still while it is handed to another process. Nobody can end it now. An order to end it is
 * carried out if the pipe goes on here.
 */
import type { Socket } from '../io/socket.js'
import type { Standing } from '../pipe/frozen.js'
import type { OrderedCause } from '../pipe/options.js'
import type { Pipe } from '../pipe/pipe.js'

export class FrozenStage {
  readonly phase = 'data'
  readonly pipe: Pipe
  readonly standing: Standing
  /** Resolves when it is decided where the pipe goes on. True: here. */
  readonly stays: Promise<boolean>
  #decide: (stays: boolean) => void = () => {}
  #ordered: readonly [cause: OrderedCause, isReset: boolean | undefined] | undefined

  constructor(pipe: Pipe, standing: Standing) {
    this.pipe = pipe
    this.standing = standing
    this.stays = new Promise((resolve) => {
      this.#decide = resolve
    })
  }

  get client(): Socket {
    return this.pipe.client
  }

  end(cause: OrderedCause, isReset?: boolean): void {
    this.#ordered ??= [cause, isReset]
  }

  /** The pipe goes on here. Its connection has it as its stage again. */
  thaw(): void {
    this.standing.thaw()
    if (this.#ordered !== undefined) this.pipe.end(...this.#ordered)
    this.#decide(true)
  }

  /** The pipe goes on in the other process. */
  leave(): void {
    this.standing.leave()
    this.#decide(false)
  }
}
