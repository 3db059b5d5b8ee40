/**
 * splice(2) through a kernel pipe, which the addon leases while bytes are in flight and takes back when it is
 * empty. Where the kernel will not splice or gives no pipe, the direction goes on by copy and loses nothing.
 */
import type { FdSocket } from '../io/fd-socket.js'
import { errnoName } from '../io/native.js'
import * as native from '../io/native-constants.js'
import type { Carrier } from './carrier.js'
import type { Direction } from './direction.js'
import { applyFindings, cameOrMustWait, hintsFor, holdRest } from './fd-findings.js'

/** errnos that concern this pair of sockets; any other refusal concerns the whole process. */
const REFUSES_THESE_SOCKETS = new Set(['EINVAL', 'ENOTSUP'])

export const kernelCarrier: Carrier = {
  name: 'kernel',

  move(direction: Direction, budget: number): number {
    if (!direction.canMove) return 0
    const source = direction.source as FdSocket
    const sink = direction.sink as FdSocket
    const { outcome } = source.loop
    const cargo = direction.cargo!
    const found = source.loop.native.splice(source.fd, sink.fd, cargo.kernelPipe, budget, hintsFor(direction))
    const came = outcome[native.IN]!
    const went = outcome[native.OUT]!
    cargo.kernelPipe = outcome[native.PIPE]!
    cargo.mayBeEmpty = came > 0
    cargo.copiedInside += outcome[native.COPIED]!
    const copied = Math.min(went, cargo.copiedInside)
    cargo.copiedInside -= copied
    cargo.splicedBytes += went - copied
    direction.took(came)
    direction.gave(went)
    holdRest(direction, source)
    if ((found & native.URGENT_COPIED) !== 0) direction.counters.urgentFallbacks++
    if ((found & (native.NO_PIPE | native.SPLICE_REFUSED)) !== 0) fallBack(direction, found, source)
    else applyFindings(direction, found, outcome)
    return cameOrMustWait(came, found)
  },

  drop(direction: Direction): void {
    const cargo = direction.cargo!
    if (cargo.kernelPipe === native.NO_KERNEL_PIPE) return
    ;(direction.source as FdSocket).loop.native.discardPipe(cargo.kernelPipe)
    cargo.kernelPipe = native.NO_KERNEL_PIPE
    cargo.copiedInside = 0
  },
}

function fallBack(direction: Direction, found: number, source: FdSocket): void {
  const { loop } = source
  const errno = errnoName(loop.outcome[native.ERROR]!)
  if ((found & native.NO_PIPE) !== 0) {
    direction.counters.pipesRefused++
    loop.refusePipes(errno)
  } else {
    direction.counters.splicesRefused++
    if (REFUSES_THESE_SOCKETS.has(errno)) direction.cargo!.refusal = `kernel-refused: ${errno}`
    else loop.refuseSplice(errno)
  }
  takeBack(direction, source)
}

/** Bytes that were spliced in and cannot be spliced out come back into this process. */
function takeBack(direction: Direction, source: FdSocket): void {
  const cargo = direction.cargo!
  if (cargo.kernelPipe === native.NO_KERNEL_PIPE) return
  const held = Buffer.allocUnsafeSlow(direction.inside)
  source.loop.native.emptyPipe(cargo.kernelPipe, held)
  cargo.kernelPipe = native.NO_KERNEL_PIPE
  cargo.copiedInside = 0
  direction.held = held
}
