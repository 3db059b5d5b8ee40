/**
 * How a connection that is a Node stream ends. Our side ends one direction after the queued bytes, or both in order, or with a
 * reset if the stream has one. Only `closeInOrder` and `resetOrClose` never throw.
 */
import { Socket as NetSocket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { type Address, hostOfSocket } from '../../address.js'
import { GOODBYE_MS } from '../delivery.js'
import { destroyFor } from './stream-faults.js'

/** Whether `stream` is a connection itself, not TLS inside another one. */
export const isPlain = (stream: Duplex): stream is NetSocket =>
  stream instanceof NetSocket && !(stream instanceof TLSSocket)

/** Whether all bytes that will ever go out have gone. */
export const isFlushed = (stream: Duplex): boolean => stream.writableFinished || stream.destroyed

/** Whether a stream that is closed was ended before that, and has lost no byte. */
export const hasGivenAll = (stream: Duplex): boolean =>
  stream.writableFinished || (stream.writableEnded && stream.writableLength === 0)

/** Whether the answer to a write comes at once. */
export const answersWrites = (stream: Duplex): boolean => stream.writable && stream.writableLength === 0

/** libuv reports a reset behind queued bytes as an end. A write, even of nothing, tells which it was. */
export function whenReallyEnded(stream: Duplex, ended: () => void): void {
  if (!isPlain(stream) || !answersWrites(stream)) {
    ended()
    return
  }
  stream.write('', (error) => {
    if (error == null) ended()
  })
}

/** Sends FIN after the queued bytes. */
export function endWriting(stream: Duplex): void {
  // libuv refuses to reset a socket whose FIN waits behind writes. So the FIN waits here instead.
  if (isPlain(stream) && stream.writableLength > 0) stream.write('', () => stream.end())
  else stream.end()
}

/**
 * Closes as soon as all queued bytes have gone. A stream that takes none of them for GOODBYE_MS, or whose end never comes, is
 * destroyed then.
 */
export function closeInOrder(stream: Duplex): void {
  const hasNothingToSay = isConnecting(stream) && stream.writableLength === 0
  if (isFlushed(stream) || hasNothingToSay) {
    destroyFor(stream)
    return
  }
  try {
    stream.end(() => destroyFor(stream))
    destroyIfStuck(stream)
  } catch (error) {
    destroyFor(stream, error)
  }
}

function destroyIfStuck(stream: Duplex): void {
  let left = queuedBytes(stream)
  const timer = setTimeout(() => {
    const before = left
    left = queuedBytes(stream)
    if (left > 0 && left < before) timer.refresh()
    else resetOrClose(stream)
  }, GOODBYE_MS).unref()
  stream.once('close', () => clearTimeout(timer))
}

/** What the stream has queued, and what libuv has not sent of it. */
function queuedBytes(stream: Duplex): number {
  const { _handle: handle } = stream as unknown as { _handle?: { readonly writeQueueSize?: number } | null }
  return stream.writableLength + (handle?.writeQueueSize ?? 0)
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
    destroyFor(stream)
  }
}

/** Undefined: it has none, or nobody can tell any more. */
export function localAddressOf(stream: Duplex): Address | undefined {
  const { localAddress: host, localPort: port } = stream as Partial<NetSocket>
  if (host === undefined || port === undefined) return undefined
  return { kind: 'tcp', host: hostOfSocket(host), port }
}

const isConnecting = (stream: Duplex): boolean => stream instanceof NetSocket && stream.connecting
