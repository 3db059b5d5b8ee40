/**
 * What the carriers keep of a flow that was ever spliced or had bytes left over. Most connections are idle or
 * send small messages and need none of it. A field of a direction would cost sixteen bytes of every
 * connection.
 */
import { NO_KERNEL_PIPE } from '../../io/kernel/native-constants.js'
import type { NotSplicing } from '../../io/not-splicing.js'

export class SpliceState {
  /** The bytes inside, if they are in this process. */
  held: Buffer | undefined = undefined
  /** The kernel pipe that holds the bytes inside, if they are in one. */
  kernelPipe = NO_KERNEL_PIPE
  /** Bytes that went through a kernel pipe by splice alone. */
  splicedBytes = 0
  /** How many of the bytes inside came by copy, for example behind an urgent byte. */
  copiedInside = 0
  /** The last move took bytes, and there may be no more of them. An empty source is then no surprise. */
  mayBeEmpty = false
  /** Moves in a row that were too small for a splice. */
  smallMoves = 0
  /** Why the kernel refused to splice these two sockets. Undefined if it did not. */
  refusal: NotSplicing | undefined = undefined
}
