/**
 * What the carriers keep of a flow that has ever been spliced, or had bytes left over. Most connections are idle or send
 * small messages and need none of it, and a field of a direction is sixteen bytes of every connection.
 */
import { NO_KERNEL_PIPE } from '../../io/kernel/native-constants.js'
import type { NotSplicing } from '../../io/not-splicing.js'

export class SpliceState {
  /** The bytes inside, where they are in this process. */
  held: Buffer | undefined = undefined
  /** The kernel pipe that holds the bytes inside, where they are there. */
  kernelPipe = NO_KERNEL_PIPE
  /** Bytes that went through one by splice alone. */
  splicedBytes = 0
  /** Of the bytes inside, those that came by copy all the same, as behind an urgent byte. */
  copiedInside = 0
  /** The last move took bytes and could not tell whether they were all: that there are no more is no surprise. */
  mayBeEmpty = false
  /** Moves in a row that were too small to be worth a splice. */
  smallMoves = 0
  /** Why this flow cannot be spliced, where that is its own matter. */
  refusal: NotSplicing | undefined = undefined
}
