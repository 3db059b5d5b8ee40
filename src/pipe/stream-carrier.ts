/**
 * From one Node stream to another, one read at a time, with the backpressure of `write()` and 'drain'. What the
 * sink's stream has not flushed is counted there (`queuedBytes`), so nothing but a head is ever inside. A source
 * that lends its bytes is not read while any of them are still there.
 */
import { READABLE, WRITABLE } from '../io/socket.js'
import type { StreamSocket } from '../io/stream-socket.js'
import type { Carrier } from './carrier.js'
import type { Direction } from './direction.js'

export const streamCarrier: Carrier = {
  name: 'stream',

  move(direction: Direction): number {
    const source = direction.source as StreamSocket
    const sink = direction.sink as StreamSocket
    giveHead(direction, sink)
    const moved = (sink.ready & WRITABLE) === 0 ? 0 : giveNext(direction, source, sink)
    if (source.hasBytes) {
      source.setReading(false)
      return moved
    }
    source.ready &= ~READABLE
    if (source.hasEnded) direction.sourceEnded()
    else source.setReading((sink.ready & WRITABLE) !== 0)
    return moved
  },

  drop(): void {
    // Chunks not yet taken go with their socket.
  },
}

/** Bytes that were read before the pipe began. */
function giveHead(direction: Direction, sink: StreamSocket): void {
  const { held } = direction
  if (held === undefined) return
  direction.held = undefined
  give(direction, sink, held, false)
}

function giveNext(direction: Direction, source: StreamSocket, sink: StreamSocket): number {
  const bytes = source.take()
  if (bytes === undefined) return 0
  direction.took(bytes.length)
  give(direction, sink, bytes, source.isLending)
  return bytes.length
}

function give(direction: Direction, sink: StreamSocket, bytes: Buffer, isLent: boolean): void {
  if (!sink.write(bytes, isLent)) {
    sink.ready &= ~WRITABLE
    direction.counters.sinkFull++
  }
  direction.gave(bytes.length)
}
