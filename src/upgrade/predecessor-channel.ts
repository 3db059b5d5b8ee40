/** The channel to the process that has started this one to take its place. */
import type { ToPredecessor } from './messages.js'

export interface PredecessorChannel {
  /** Calls `heard` with each message, and `left` once no more come. */
  hear(heard: (message: unknown) => void, left: () => void): void
  /** Resolves when the message is on its way, or when nobody can get it any more. */
  tell(message: ToPredecessor): Promise<void>
  /** From now on the channel alone does not keep this process alive. */
  rest(): void
}

/** Node's channel of this process. */
export const predecessorChannel: PredecessorChannel = {
  hear: (heard, left) => {
    process.on('message', heard)
    process.once('disconnect', left)
  },
  tell: (message) =>
    new Promise((resolve) => {
      if (process.connected) process.send?.(message, undefined, undefined, () => resolve())
      else resolve()
    }),
  rest: () => process.channel?.unref(),
}
