/**
 * Moves bytes with splice(2) through a kernel pipe. The addon leases the pipe while bytes are in flight, and
 * takes it back when it is empty. If the kernel does not splice or gives no pipe, the flow goes on by copy
 * and loses nothing.
 */
import { errnoName } from '../../io/kernel/native.js'
import * as native from '../../io/kernel/native-constants.js'
import type { Carrier } from '../carrier.js'
import type { FdFlow } from './fd-flow.js'
import { applyFindings, cameOrMustWait, hintsFor, holdRest } from './findings.js'
import type { SpliceState } from './splice-state.js'

/** errnos that concern this pair of sockets. Any other refusal concerns the whole process. */
const REFUSES_THESE_SOCKETS = new Set(['EINVAL', 'ENOTSUP'])

export const kernelCarrier: Carrier<FdFlow> = {
  name: 'kernel',

  move(flow: FdFlow, budget: number): number {
    if (!flow.canMove || (budget === 0 && flow.inside === 0)) return 0
    const { loop, fd } = flow.source
    const { outcome } = loop
    const state = flow.state!
    const found = loop.native.splice(fd, flow.sink.fd, state.kernelPipe, budget, hintsFor(flow, budget))
    const came = outcome[native.IN]!
    const went = outcome[native.OUT]!
    state.kernelPipe = outcome[native.PIPE]!
    state.mayBeEmpty = came > 0
    state.copiedInside += outcome[native.COPIED]!
    const copied = Math.min(went, state.copiedInside)
    state.copiedInside -= copied
    state.splicedBytes += went - copied
    flow.took(came)
    flow.gave(went)
    holdRest(flow)
    if ((found & native.URGENT_COPIED) !== 0) flow.counters.urgentFallbacks++
    if ((found & (native.NO_PIPE | native.SPLICE_REFUSED)) !== 0) fallBack(flow, state, found)
    else applyFindings(flow, found)
    return cameOrMustWait(came, found)
  },

  drop(flow: FdFlow): void {
    const state = flow.state!
    state.held = undefined
    if (state.kernelPipe === native.NO_KERNEL_PIPE) return
    flow.source.loop.native.discardPipe(state.kernelPipe)
    state.kernelPipe = native.NO_KERNEL_PIPE
    state.copiedInside = 0
  },
}

function fallBack(flow: FdFlow, state: SpliceState, found: number): void {
  const { loop } = flow.source
  const errno = errnoName(loop.outcome[native.ERROR]!)
  if ((found & native.NO_PIPE) !== 0) {
    flow.counters.pipesRefused++
    loop.refusePipes(errno)
  } else {
    flow.counters.splicesRefused++
    if (REFUSES_THESE_SOCKETS.has(errno)) state.refusal = `kernel-refused: ${errno}`
    else loop.refuseSplice(errno)
  }
  takeBack(flow, state)
}

/** Takes bytes back into this process that were spliced in and cannot be spliced out. */
function takeBack(flow: FdFlow, state: SpliceState): void {
  if (state.kernelPipe === native.NO_KERNEL_PIPE) return
  const held = Buffer.allocUnsafeSlow(flow.inside)
  flow.source.loop.native.emptyPipe(state.kernelPipe, held)
  state.kernelPipe = native.NO_KERNEL_PIPE
  state.copiedInside = 0
  state.held = held
}
