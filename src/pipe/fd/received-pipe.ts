/**
 * A frozen pipe that has come from another process, as facts and fds. Its fds are taken first. That touches neither socket, so it can
 * be undone as long as the other process still owns the pipe. Then the pipe is restored.
 */
import { AdoptedSocket, type FdSocket } from '../../io/kernel/fd-socket.js'
import type { KernelLoop } from '../../io/kernel/kernel-loop.js'
import type { Native } from '../../io/kernel/native.js'
import { NO_KERNEL_PIPE } from '../../io/kernel/native-constants.js'
import type { FrozenDirection, FrozenPipe, RestoredPipes } from '../frozen.js'
import type { PipeHost, PipeOwner } from '../options.js'
import { Pipe } from '../pipe.js'

export interface ReceivedPipe {
  readonly frozen: FrozenPipe
  readonly client: number
  readonly backend: number
  readonly kernelPipes: RestoredPipes
}

interface ReceivedDirection {
  readonly source: number
  readonly kernelPipe: number | undefined
}

/** How many fds come with a direction, and with a pipe. */
const fdsOf = ({ inside }: FrozenDirection): number => (inside > 0 ? 3 : 1)
export const fdsOfPipe = ({ up, down }: FrozenPipe): number => fdsOf(up) + fdsOf(down)

/** Takes the fds of `frozen`, in the order of `Standing.fds`. Undefined: they cannot be used, and are closed. */
export function takeFds(
  native: Native,
  frozen: FrozenPipe,
  fds: readonly number[],
): ReceivedPipe | undefined {
  const middle = fdsOf(frozen.up)
  const up = takeDirection(native, frozen.up, fds.slice(0, middle))
  const down = takeDirection(native, frozen.down, fds.slice(middle))
  if (up !== undefined && down !== undefined) {
    const kernelPipes = { up: up.kernelPipe, down: down.kernelPipe }
    return { frozen, client: up.source, backend: down.source, kernelPipes }
  }
  for (const way of [up, down]) if (way !== undefined) drop(native, way.source, way.kernelPipe)
  return undefined
}

/** Gives the fds up. No peer notices it while the other process has them. */
export function dropFds(native: Native, { client, backend, kernelPipes: { up, down } }: ReceivedPipe): void {
  drop(native, client, up)
  drop(native, backend, down)
}

/** From here on this process owns both sockets. */
export function adoptSockets(loop: KernelLoop, { client, backend }: ReceivedPipe): [FdSocket, FdSocket] {
  const adopt = (fd: number): FdSocket => {
    const socket = AdoptedSocket.of(loop, fd)
    // It could not be watched, and is closed.
    if (socket.isClosed) socket.error = 'ENOSPC'
    return socket
  }
  return [adopt(client), adopt(backend)]
}

/** Call `start` of the pipe next. */
export function restorePipe(
  [client, backend]: readonly [FdSocket, FdSocket],
  { frozen, kernelPipes }: ReceivedPipe,
  host: PipeHost,
  owner: PipeOwner,
): Pipe {
  const pipe = new Pipe(client, backend, host, owner)
  pipe.restore(frozen, kernelPipes)
  return pipe
}

function takeDirection(
  native: Native,
  { inside }: FrozenDirection,
  [source, read, write]: readonly number[],
): ReceivedDirection | undefined {
  const kernelPipe = inside === 0 ? undefined : native.adoptPipe(read!, write!, inside)
  if (kernelPipe === undefined || kernelPipe >= 0) return { source: source!, kernelPipe }
  for (const fd of [source!, read!, write!]) native.close(fd)
  return undefined
}

function drop(native: Native, socket: number, kernelPipe = NO_KERNEL_PIPE): void {
  native.close(socket)
  if (kernelPipe !== NO_KERNEL_PIPE) native.discardPipe(kernelPipe)
}
