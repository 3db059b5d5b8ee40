/**
 * How a connection that is a Node stream ends from our side: one direction behind what is queued, both in order, or with a
 * reset where there is such a thing. It keeps nothing.
 */
import { Socket as NetSocket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'

/** A connection of its own, not one inside another. */
export const isPlain = (stream: Duplex): stream is NetSocket =>
  stream instanceof NetSocket && !(stream instanceof TLSSocket)

/** Whether everything has gone out that ever will. */
export const isFlushed = (stream: Duplex): boolean => stream.writableFinished || stream.destroyed

/** FIN, behind what is queued. */
export function endWriting(stream: Duplex): void {
  // libuv refuses to reset a socket whose FIN waits behind writes, so it waits here.
  if (isPlain(stream) && stream.writableLength > 0) stream.write('', () => stream.end())
  else stream.end()
}

/** Closes as soon as everything has gone. */
export function closeInOrder(stream: Duplex): void {
  const hasNothingToSay = isConnecting(stream) && stream.writableLength === 0
  if (isFlushed(stream) || hasNothingToSay) stream.destroy()
  else stream.end(() => stream.destroy())
}

/** Closes at once. */
export function resetOrClose(stream: Duplex): void {
  if (stream.destroyed) return
  const isEnding = stream.writableEnded && !stream.writableFinished
  try {
    if (isPlain(stream) && !isConnecting(stream) && !isEnding) stream.resetAndDestroy()
    else stream.destroy()
  } catch {
    // A unix socket knows no reset.
    stream.destroy()
  }
}

const isConnecting = (stream: Duplex): boolean => stream instanceof NetSocket && stream.connecting
