/** What carriers and offloads see of a direction: its ends, how much is inside, what they must tell it. */

import type { SpliceMode } from '../defaults.js'
import type { NotSplicing } from '../io/not-splicing.js'
import type { Socket } from '../io/socket.js'
import type { PipeCounters } from './options.js'

export type Phase = 'flowing' | 'draining' | 'finished' | 'failed'

/** Both ends are of one kind. */
export interface Flow<End extends Socket = Socket> {
  readonly source: End
  readonly sink: End
  readonly mode: SpliceMode
  readonly counters: PipeCounters
  readonly phase: Phase
  /** Finished or failed. */
  readonly isOver: boolean
  /** Bytes taken from the source and not by the sink. */
  readonly inside: number
  /** Bytes the sink has taken. */
  readonly bytes: number
  /** Whether there is something to move and room for it, and the flow may take it. */
  readonly canMove: boolean
  /** Each byte must be asked for, because a limit holds for the flow. */
  readonly isMetered: boolean
  /** It may take no bytes from its source now, because a limit makes it wait. */
  readonly isHeldBack: boolean
  /** Why it may not splice at this moment. Undefined if it may. */
  readonly whyNotSplicing: NotSplicing | undefined
  /** The carrier took bytes from the source. */
  took(bytes: number): void
  /** The sink took bytes from the carrier. */
  gave(bytes: number): void
  /** Every byte of the source has been taken. The source sent FIN, or it broke. */
  sourceEnded(): void
  /** The source or the sink broke. */
  socketFailed(socket: Socket, errno: string): void
}
