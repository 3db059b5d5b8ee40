/**
 * A pipe that stands still, so that another process can go on with it. The facts are plain data. The bytes that wait are in the
 * kernel: in the two sockets, and in the kernel pipes of its directions. All of them go along as fds. So nothing is copied, and
 * nothing is lost. A pipe with bytes in this process cannot be frozen.
 */
import type { NotSplicing } from '../io/not-splicing.js'

export interface FrozenDirection {
  readonly phase: 'flowing' | 'draining' | 'finished'
  /** It splices. */
  readonly isSplicing: boolean
  /** Bytes that the sink has taken. */
  readonly bytes: number
  /** Bytes in its kernel pipe, whose two fds go along. 0: it has none. */
  readonly inside: number
  /** How many of the bytes that the sink has taken were spliced. */
  readonly splicedBytes: number
  /** How many of the bytes inside were copied. */
  readonly copiedInside: number
  /** Why the kernel refused to splice these two sockets. */
  readonly refusal?: NotSplicing | undefined
}

export interface FrozenPipe {
  readonly up: FrozenDirection
  readonly down: FrozenDirection
  /** What is over, in the bits of ends.ts. */
  readonly ends: number
  /** Since the pipe began, in whole ms. */
  readonly ageMs: number
  /** Since a byte moved or a direction ended, in whole ms. */
  readonly silentMs: number
}

/** A frozen pipe in the process that froze it. Exactly one of the two methods is called, once. */
export interface Standing {
  readonly facts: FrozenPipe
  /** Of each direction, up first: its source, and if it has bytes inside, the read and the write end of its kernel pipe. */
  readonly fds: readonly number[]
  /** The pipe goes on here, as if nothing had happened. */
  thaw(): void
  /** Another process has the pipe. This one closes its fds, and no peer notices. */
  leave(): void
}

/** A kernel pipe of this process for each direction with bytes inside. */
export interface RestoredPipes {
  readonly up: number | undefined
  readonly down: number | undefined
}
