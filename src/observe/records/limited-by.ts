/**
 * Who makes a connection slow. Pure: it reads what the kernel knows of both sockets, and what the connection knows of itself.
 *
 * A side is slow in one of three ways. Each has its proof:
 *
 * 1. **The side takes bytes slowly.** The kernel counts this for the socket that we send by (the sink). It divides the time in which
 *    bytes waited in the send queue (`tcpi_busy_time`, net/ipv4/tcp_output.c `tcp_chrono_start`) into three parts:
 *    - `tcpi_rwnd_limited`: the receive window of the peer was full (`tcp_snd_wnd_test`). Its program reads slowly. This is the
 *      time of the side itself.
 *    - `tcpi_sndbuf_limited`: every byte was on its way, and our send buffer had no room for more (`tcp_cwnd_validate`). splice(2)
 *      and send(2) find that alike, because pages of a kernel pipe count against the buffer, too. It happens on paths whose round
 *      trip needs more than `net.ipv4.tcp_wmem` allows. This is the time of the network.
 *    - The rest: congestion control or a retransmission held bytes back, or the last bytes were not acknowledged yet. Only the
 *      first two are the time of the network. A peer may delay an acknowledgement by 40 ms and more. So no more counts than the
 *      network needs for these bytes at the rate that it has shown (`tcpi_bytes_acked` / `tcpi_delivery_rate`), and a timeout
 *      (`tcpi_rto`) for each retransmission.
 * 2. **The side gives bytes slowly.** The sink was idle then, and the kernel has no word for that. But `tcpi_last_data_recv` says when
 *    each side last sent bytes, and the connection knows the time of the backend's first byte. From these follow:
 *    - the wait for the first answer: from the client's last bytes to the backend's first one
 *    - the wait for a last answer that did not come: since the client's last bytes. It counts only if the backend has answered
 *      before. A backend that never sends a byte may speak a protocol without answers. Both waits begin when the backend has
 *      the bytes
 *    - a stream: the conversation had one turn, so all bytes of a side came in one stretch. If this side has sent at least
 *      STREAM_BYTES_PER_SECOND, the time in which its sink waited for bytes is its time. Its kernel knows whether its program
 *      or its network is slow, and ours does not. So the word is that of the side.
 *    With several turns, nobody knows who took how long for the earlier ones, or in which of them the bytes came. They count for
 *    nobody.
 * 3. **millrace itself is slow:** its `route` function took long, the connection waited in the queue of its cluster, a limit of
 *    bytes made it wait, or the kernel paced it at our order. The kernel counts paced bytes as waiting for the network. Their
 *    time is ours if the network has reached 80% of the rate, as far as the bytes need it at that rate.
 *
 * Before the pipe, the client's first bytes are its time, and the connect is that of the backend. The kernel counts in jiffies of 1
 * to 10 ms. So nothing shorter than LEAST_MICROS has a word.
 */
import type { TcpSending } from '../../io/tcp-info.js'
import type { Slowed } from '../../pipe/throttle.js'
import { LIMITS, NOBODY } from '../../status/common.js'
import type { Life } from './life.js'

export type Limit = (typeof LIMITS)[number]

export interface Limiting {
  /** Who has the largest share. `nobody`: no share is as large as LEAST_SHARE. */
  readonly limitedBy: Limit | typeof NOBODY
  /**
   * Of the connection's life, 0 to 1. Undefined: below 0.01. Both directions can be slow at the same time, so the sum may be
   * more than 1. All undefined if nobody has a share, or the connection is too short for a word.
   */
  readonly limitedShares: Readonly<Record<Limit, number | undefined>> | undefined
}

/** Of connections that are too short, which most are. */
const NOTHING: Limiting = { limitedBy: NOBODY, limitedShares: undefined }
const LEAST_MICROS = 20_000
const LEAST_SHARE = 0.2
/** A side that sends less is in an idle conversation, such as one with a few messages a minute. */
const STREAM_BYTES_PER_SECOND = 4096
const REACHED_SHARE = 0.8
const MICROS_PER_SECOND = 1e6
const MICROS_PER_MS = 1000

export function limitingOf(life: Life): Limiting {
  if (life.totalMicros < LEAST_MICROS) return NOTHING
  const down = takingTimes(life.client, life.slowed?.down)
  const up = takingTimes(life.backend, life.slowed?.up)
  const giving = givingTimes(life, up, down)
  const micros: Record<Limit, number> = {
    client: life.waitMicros - life.routeMicros + down.peer + giving.client,
    'client-network': down.network,
    backend: life.connectMicros + up.peer + giving.backend,
    'backend-network': up.network,
    'our-limit': life.routeMicros + life.queuedMicros + Math.max(up.ours, down.ours),
  }
  return fromMicros(micros, life.totalMicros)
}

/** Times of one sink. */
interface Taking {
  readonly peer: number
  readonly network: number
  readonly ours: number
}

function takingTimes(sink: TcpSending, slowed: Slowed | undefined): Taking {
  const { busyMicros, rwndMicros, sndbufMicros, ackedBytes, bytesPerSecond: reached } = sink
  const rest = Math.max(0, busyMicros - rwndMicros - sndbufMicros)
  const waited = (slowed?.waitedMs ?? 0) * MICROS_PER_MS
  // Where the kernel does not pace, it has no figures of the sink either.
  const paced = slowed?.bytesPerSecond
  if (paced !== undefined && reached >= paced * REACHED_SHARE) {
    const most = microsFor(ackedBytes, paced * REACHED_SHARE)
    return { peer: rwndMicros, network: 0, ours: waited + Math.min(sndbufMicros + rest, most) }
  }
  const needed = microsFor(ackedBytes, reached) + sink.retransmits * sink.rtoMicros
  const network = sndbufMicros + Math.min(rest, needed)
  return { peer: rwndMicros, network, ours: waited }
}

const microsFor = (bytes: number, bytesPerSecond: number): number =>
  bytesPerSecond > 0 ? (bytes / bytesPerSecond) * MICROS_PER_SECOND : 0

/** How long each side gave no bytes while it was its turn. */
function givingTimes(life: Life, up: Taking, down: Taking): { client: number; backend: number } {
  const { totalMicros, totals, firstByteMicros, isOneTurn } = life
  const connectedAt = life.waitMicros + life.queuedMicros + life.connectMicros
  const firstDown = firstByteMicros === undefined ? undefined : connectedAt + firstByteMicros
  // In one turn, later bytes of the client are no payload: a close_notify of TLS that ends here.
  const latestUp = isOneTurn && (firstByteMicros ?? 0) > 0 ? firstDown! : totalMicros
  const lastUp = totals.receivedUp > 0 ? Math.min(latestUp, at(life, life.client)) : undefined
  const lastDown = totals.receivedDown > 0 ? at(life, life.backend) : undefined
  const asked = Math.max(connectedAt, lastUp ?? connectedAt)
  let backend = 0
  if (lastUp !== undefined && firstDown !== undefined) {
    if (firstDown > asked) backend = firstDown - asked
    else if (lastDown !== undefined && lastDown < lastUp) backend = totalMicros - asked
  }
  // Bytes on their way have no answer yet.
  backend = Math.max(0, backend - takenIn(up))
  if (!isOneTurn) return { client: 0, backend }
  const from = Math.max(asked, firstDown ?? asked)
  if (lastDown !== undefined) backend += streamMicros(totals.receivedDown, lastDown - from, down)
  return { client: streamMicros(totals.receivedUp, asked - connectedAt, up), backend }
}

/** When the side last sent bytes. Negative: before the time that is looked at. */
const at = ({ totalMicros }: Life, { silentMs }: TcpSending): number => totalMicros - silentMs * MICROS_PER_MS

/** How long the sink waited for bytes of a source that has sent all its bytes in `micros`. */
function streamMicros(bytes: number, micros: number, sink: Taking): number {
  const isStream = bytes * MICROS_PER_SECOND >= micros * STREAM_BYTES_PER_SECOND
  return isStream ? Math.max(0, micros - takenIn(sink)) : 0
}

const takenIn = ({ peer, network, ours }: Taking): number => peer + network + ours

function fromMicros(micros: Readonly<Record<Limit, number>>, totalMicros: number): Limiting {
  let limitedBy: Limiting['limitedBy'] = NOBODY
  let largest = 0
  for (const limit of LIMITS) {
    if (micros[limit] <= largest) continue
    largest = micros[limit]
    limitedBy = limit
  }
  const share = (limit: Limit): number | undefined =>
    Math.min(1, Math.round((micros[limit] / totalMicros) * 100) / 100) || undefined
  if (limitedBy === NOBODY || share(limitedBy) === undefined) return NOTHING
  const limitedShares = {
    client: share('client'),
    'client-network': share('client-network'),
    backend: share('backend'),
    'backend-network': share('backend-network'),
    'our-limit': share('our-limit'),
  }
  const isSlow = largest >= LEAST_MICROS && largest >= totalMicros * LEAST_SHARE
  return { limitedBy: isSlow ? limitedBy : NOBODY, limitedShares }
}
