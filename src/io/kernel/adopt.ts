/**
 * Takes a connected TCP or unix net.Socket over from Node. A duplicate of its fd becomes ours, together with
 * the bytes that Node has already read. Node's side is destroyed, which sends no FIN because the duplicate
 * keeps the connection. A TLSSocket cannot be adopted: its bytes are not those of the socket.
 */
import { Socket as NetSocket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { bufferedBytes, destroyFor } from '../streams/stream-faults.js'
import { AdoptedSocket, type FdSocket } from './fd-socket.js'
import type { KernelLoop } from './kernel-loop.js'

/** What Node keeps behind a net.Socket: undocumented, unchanged for a decade, checked before use. */
interface Handle {
  readonly fd?: number
  readonly writeQueueSize?: number
  readStop?(): number
}

/** A socket that millrace has taken over. */
export interface Adopted {
  readonly socket: FdSocket
  /** Bytes that Node had already read. They go first. */
  readonly head: Buffer
}

/** Whether `stream` is a plain socket with an fd, now or once it is connected. */
export function isPlainSocket(stream: Duplex): stream is NetSocket {
  if (!(stream instanceof NetSocket) || stream instanceof TLSSocket || stream.destroyed) return false
  return stream.connecting || fdOf(stream) >= 0
}

/**
 * Resolves when the socket is connected and all writes queued in Node are in the kernel, or it is destroyed.
 */
export async function isQuiet(socket: NetSocket): Promise<void> {
  while (!socket.destroyed && (socket.connecting || hasQueuedWrites(socket))) {
    await new Promise<void>((resolve) => {
      const done = (): void => {
        socket.off('close', done)
        resolve()
      }
      socket.once('close', done)
      if (socket.connecting) socket.once('connect', done)
      else if (socket.writableEnded) socket.once('finish', done)
      else socket.write('', done)
    })
  }
}

/** Adopts both or neither. Undefined if it cannot: fds are short, or a socket was destroyed meanwhile. */
export function adoptBoth(loop: KernelLoop, a: NetSocket, b: NetSocket): [Adopted, Adopted] | undefined {
  const first = duplicate(loop, a)
  const second = duplicate(loop, b)
  if (first >= 0 && second >= 0) return [takeOver(loop, a, first), takeOver(loop, b, second)]
  if (first >= 0) loop.native.close(first)
  if (second >= 0) loop.native.close(second)
  return undefined
}

function duplicate(loop: KernelLoop, socket: NetSocket): number {
  const fd = socket.destroyed ? -1 : fdOf(socket)
  return fd < 0 ? -1 : loop.native.adopt(fd)
}

function takeOver(loop: KernelLoop, socket: NetSocket, fd: number): Adopted {
  handleOf(socket)?.readStop?.()
  const head = Buffer.from(bufferedBytes(socket) ?? [])
  destroyFor(socket)
  return { socket: AdoptedSocket.of(loop, fd), head }
}

function hasQueuedWrites(socket: NetSocket): boolean {
  if (socket.writableEnded) return !socket.writableFinished
  return socket.writableLength > 0 || (handleOf(socket)?.writeQueueSize ?? 0) > 0
}

function handleOf(socket: NetSocket): Handle | null | undefined {
  return (socket as unknown as { _handle?: Handle | null })._handle
}

function fdOf(socket: NetSocket): number {
  const fd = handleOf(socket)?.fd
  return typeof fd === 'number' ? fd : -1
}
