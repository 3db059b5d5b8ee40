/**
 * The numbers that the addon must have too. native/constants.h is the same list under the same names, and a
 * test compares the two. If you change one here, change it there.
 */

/** The readiness bits are defined with sockets. */
export { BROKEN, PEER_ENDED, READABLE, URGENT, WRITABLE } from '../socket.js'

/** Cells of `outcome` after a transfer. */
export const IN = 0
export const OUT = 1
export const PIPE = 2
export const LEFT_AT = 3
export const LEFT_BYTES = 4
export const ERROR = 5
export const COPIED = 6

/** Cells of `outcome` after `accept` and `localAddress`. */
export const HOST_BYTES = 0
export const PORT = 1
export const IPV4 = 2

/** Cell of `outcome` after `receiveFds`, and cells after `showPipe`. */
export const MESSAGE_FDS = 0
export const PIPE_READ_FD = 0
export const PIPE_WRITE_FD = 1
export const PIPE_INSIDE = 2
/** The most fds of one message. */
export const MOST_FDS_PER_MESSAGE = 253

/** What a transfer found (bits of its result). The addon's transfer.h explains each. */
export const SOURCE_EMPTY = 1
export const SOURCE_ENDED = 2
export const SOURCE_FAILED = 4
export const SINK_FULL = 8
export const SINK_FAILED = 16
export const URGENT_COPIED = 32
export const SPLICE_REFUSED = 64
export const NO_PIPE = 128
export const TRY_LATER = 256

/** What a transfer is told about its source (bits). */
export const HINT_READABLE = 1
export const HINT_MAY_BE_URGENT = 2
export const HINT_READ_TO_THE_END = 4
export const HINT_MAY_BE_EMPTY = 8

/** Cells of `figures` after `tcpInfo`, and their number. */
export const RTT_MICROS = 0
export const SILENT_MS = 1
export const RETRANSMITS = 2
export const RTO_MICROS = 3
export const ACKED_BYTES = 4
export const BYTES_PER_SECOND = 5
export const BUSY_MICROS = 6
export const RWND_MICROS = 7
export const SNDBUF_MICROS = 8
export const TCP_INFO_CELLS = 9

/** In place of a kernel pipe's id: no pipe is leased. */
export const NO_KERNEL_PIPE = -1
/** Kernel pipes with less room than this are of no use. */
export const SMALLEST_PIPE_BYTES = 64 * 1024
/** The port that marks a host as the path of a unix socket. */
export const UNIX_PORT = -1
/** Stands in place of an fd: the addon opens a socket itself. */
export const NO_SOCKET = -1

/** Cells of an event, and their number. */
export const EVENT_FD = 0
export const EVENT_GENERATION = 1
export const EVENT_READINESS = 2
export const EVENT_IN = 3
export const EVENT_OUT = 4
export const EVENT_FOUND = 5
export const EVENT_CELLS = 6
/** The most events of a batch. */
export const MOST_EVENTS = 512

/** Number of cells of a copy offload, and of what it has carried. */
export const OFFLOAD_CELLS = 2
export const CARRIED_CELLS = 2
/**
 * Second cell of an offload: the bits below this one hold the sink. The others hold the size from which a
 * move is reported, in TELL_UNITs.
 */
export const TELL_SHIFT = 16
export const TELL_UNIT = 1024

/** Cells of a want, and their number. The numbers that are doubles take two cells. */
export const WANT_SCOPE = 0
export const WANT_SOURCE = 2
export const WANT_IS_SOURCE = 6
export const WANT_ENTRY = 8
export const WANT_MOST = 10
export const WANT_INTERVAL = 12
export const WANT_SLACK = 14
export const WANT_REFUSAL = 16
export const WANT_CELLS = 18

/** Why a want is refused. */
export const TOO_MANY = 1
export const TOO_FAST = 2
export const FULL_TABLE = 3

/** Cells of a source in a list, and their number. All but the source itself are doubles. */
export const LISTED_SOURCE = 0
export const LISTED_HELD = 4
export const LISTED_TAKEN = 6
export const LISTED_BYTES = 8
export const LISTED_BUSY_UNTIL = 10
export const LISTED_GIVEN = 12
export const LISTED_CELLS = 14

/** errnos without a name in Node: EDQUOT (the addon: the quota of pipes is used up), ENONET (accept(2)). */
export const EDQUOT = 122
export const ENONET = 64
