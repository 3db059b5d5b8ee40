/**
 * How our side ends a connection that is a Node stream. It ends one direction after the queued bytes, or both
 * in order, or with a reset if the stream has one. It keeps no state.
 */
import { Socket as NetSocket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'

/** Whether `stream` is a connection itself, not TLS inside another one. */
export const isPlain = (stream: Duplex): stream is NetSocket =>
  stream instanceof NetSocket && !(stream instanceof TLSSocket)

/** Whether all bytes that will ever go out have gone. */
export const isFlushed = (stream: Duplex): boolean => stream.writableFinished || stream.destroyed

/** Sends FIN after the queued bytes. */
export function endWriting(stream: Duplex): void {
  // libuv refuses to reset a socket whose FIN waits behind writes. So the FIN waits here instead.
  if (isPlain(stream) && stream.writableLength > 0) stream.write('', () => stream.end())
  else stream.end()
}

/** Closes as soon as all queued bytes have gone. */
export function closeInOrder(stream: Duplex): void {
  const hasNothingToSay = isConnecting(stream) && stream.writableLength === 0
  if (isFlushed(stream) || hasNothingToSay) stream.destroy()
  else stream.end(() => stream.destroy())
}

/** Closes at once, with a reset if the stream has one. */
export function resetOrClose(stream: Duplex): void {
  if (stream.destroyed) return
  const isEnding = stream.writableEnded && !stream.writableFinished
  try {
    if (isPlain(stream) && !isConnecting(stream) && !isEnding) stream.resetAndDestroy()
    else stream.destroy()
  } catch {
    // A unix socket has no reset.
    stream.destroy()
  }
}

const isConnecting = (stream: Duplex): boolean => stream instanceof NetSocket && stream.connecting
