/**
 * Carries bytes from one Node stream to another, one read at a time, with the backpressure of `write()` and
 * 'drain'. The sink's stream counts what it has not flushed (`queuedBytes`), so nothing but a head is ever
 * inside. A source that lends its bytes is not read while any of them are still there.
 */
import { READABLE, WRITABLE } from '../io/socket.js'
import type { StreamSocket } from '../io/streams/stream-socket.js'
import type { Carrier } from './carrier.js'
import type { Flow } from './flow.js'

/** A flow between two streams. */
export interface StreamFlow extends Flow<StreamSocket> {
  carrier: Carrier<StreamFlow>
  /** Bytes that were read before the pipe began. Undefined once the sink has them. */
  head: Buffer | undefined
}

export const streamCarrier: Carrier<StreamFlow> = {
  name: 'stream',

  move(flow: StreamFlow, budget: number): number {
    const { source, sink, head } = flow
    if (head !== undefined) {
      flow.head = undefined
      give(flow, head, false)
    }
    const moved = budget === 0 || (sink.ready & WRITABLE) === 0 ? 0 : giveNext(flow, budget)
    if (source.hasBytes) {
      source.setReading(false)
      return moved
    }
    source.ready &= ~READABLE
    if (source.hasEnded) flow.sourceEnded()
    else source.setReading((sink.ready & WRITABLE) !== 0)
    return moved
  },

  /** Chunks that nobody took are lost with their socket. */
  drop(flow: StreamFlow): void {
    flow.head = undefined
  },
}

function giveNext(flow: StreamFlow, budget: number): number {
  const { source } = flow
  const bytes = source.read(budget)
  if (bytes.length === 0) return 0
  flow.took(bytes.length)
  give(flow, bytes, source.isLending)
  return bytes.length
}

function give(flow: StreamFlow, bytes: Buffer, isLent: boolean): void {
  const { sink } = flow
  if (!sink.write(bytes, isLent)) {
    sink.ready &= ~WRITABLE
    flow.counters.sinkFull++
  }
  flow.gave(bytes.length)
}
