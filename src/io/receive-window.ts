/**
 * A wider receive window for fast sources next door.
 *
 * Where a sender on this machine is held up by our receive window, its kernel sends the rest within our
 * acknowledgements: on our core, in our time, and each byte costs us twice as much. A window wider than senders'
 * buffers (tcp_wmem, 4 MiB) leaves that work with the sender. The kernel's own tuning (tcp_rmem) gets there
 * where a flow begins well, and never where it begins crowded.
 */
import type { FdSocket } from './fd-socket.js'

const WINDOW_BYTES = 8 * 1024 * 1024
/** The same machine, or one beside it. Across a distance the window is the kernel's to tune. */
const NEAR_MICROS = 1000

/**
 * SO_RCVLOWAT widens the buffer to twice what it asks for, at most to tcp_rmem's limit, and leaves it open to tuning,
 * which SO_RCVBUF would end (Linux, net/ipv4/tcp.c, tcp_set_rcvlowat). The caller sets the mark it wants afterwards.
 */
export function widenReceiveWindow(source: FdSocket): void {
  const roundTrip = source.roundTripMicros()
  if (roundTrip !== undefined && roundTrip <= NEAR_MICROS)
    source.loop.native.setLowWater(source.fd, WINDOW_BYTES)
}
