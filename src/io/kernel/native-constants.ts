/**
 * The numbers that the addon must have, too. native/constants.h is the same list under the same names, and a test
 * compares the two. Who changes one here changes it there.
 */

/** Readiness is defined where sockets are. */
export { BROKEN, PEER_ENDED, READABLE, URGENT, WRITABLE } from '../socket.js'

/** `outcome` cells after a transfer. */
export const IN = 0
export const OUT = 1
export const PIPE = 2
export const LEFT_AT = 3
export const LEFT_BYTES = 4
export const ERROR = 5
export const COPIED = 6

/** `outcome` cells after `accept` and `localAddress`. */
export const HOST_BYTES = 0
export const PORT = 1
export const IPV4 = 2

/** What a transfer found out (bits of its answer); the addon's transfer.h explains each. */
export const SOURCE_EMPTY = 1
export const SOURCE_ENDED = 2
export const SOURCE_FAILED = 4
export const SINK_FULL = 8
export const SINK_FAILED = 16
export const URGENT_COPIED = 32
export const SPLICE_REFUSED = 64
export const NO_PIPE = 128
export const TRY_LATER = 256

/** What a transfer is told of its source (bits). */
export const HINT_READABLE = 1
export const HINT_MAY_BE_URGENT = 2
export const HINT_READ_TO_THE_END = 4
export const HINT_MAY_BE_EMPTY = 8

/** Instead of a kernel pipe's id: none is leased. */
export const NO_KERNEL_PIPE = -1
/** Kernel pipes with less room than this are of no use. */
export const SMALLEST_PIPE_BYTES = 64 * 1024
/** Port that marks a host as the path of a unix socket. */
export const UNIX_PORT = -1

/** Cells of an event, and how many these are. */
export const EVENT_FD = 0
export const EVENT_GENERATION = 1
export const EVENT_READINESS = 2
export const EVENT_IN = 3
export const EVENT_OUT = 4
export const EVENT_FOUND = 5
export const EVENT_CELLS = 6
/** The most events of a batch. */
export const MOST_EVENTS = 512

/** Cells of a copy offload, and of what it has carried. */
export const OFFLOAD_CELLS = 2
export const CARRIED_CELLS = 2
/** A copy's second cell: below this bit the sink, from it on the size of a move that is told, in TELL_UNITs. */
export const TELL_SHIFT = 16
export const TELL_UNIT = 1024

/** errnos that Node has no name for: a used-up quota of pipes (the addon's word), and one that accept(2) may say. */
export const EDQUOT = 122
export const ENONET = 64
