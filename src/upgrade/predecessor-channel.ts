/** The channel to the process that has started this one to take its place. */
import { Socket } from 'node:net'
import { LineChannel } from './line-channel.js'
import type { ToPredecessor } from './messages.js'
import { CHANNEL_FD } from './protocol.js'

export interface PredecessorChannel {
  /** Calls `heard` with each message, and `left` once no more come. */
  hear(heard: (message: unknown) => void, left: () => void): void
  /** Resolves when the message is on its way, or when nobody can get it any more. */
  tell(message: ToPredecessor): Promise<void>
  /** Kills the process at the other end, which has this process id. While the channel is open, no other process has that id. */
  kill(pid: number): void
  /** From now on the channel alone does not keep this process alive. */
  rest(): void
}

/** The channel that this process has inherited. @throws Error if nothing like a channel is there */
export function openPredecessorChannel(): PredecessorChannel {
  const socket = new Socket({ fd: CHANNEL_FD, readable: true, writable: true })
  let lines: LineChannel | undefined
  return {
    hear(heard, left) {
      lines = new LineChannel(socket, { message: heard, closed: left })
    },
    tell: async (message) => lines?.send(message),
    kill,
    rest: () => socket.unref(),
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It is gone.
  }
}
