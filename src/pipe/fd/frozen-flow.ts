/** A flow between two fds goes to another process: what that process needs to know, and how it goes on. */
import { NO_KERNEL_PIPE, PIPE_READ_FD, PIPE_WRITE_FD } from '../../io/kernel/native-constants.js'
import { READABLE } from '../../io/socket.js'
import type { FrozenDirection } from '../frozen.js'
import { WatchedCarrier } from '../watched-carrier.js'
import { beginSplicing, firstCarrier } from './choose-carrier.js'
import type { FdFlow } from './fd-flow.js'
import { kernelCarrier } from './kernel-carrier.js'
import { SpliceState } from './splice-state.js'

/** Undefined: it cannot be moved now. Bytes are in this process, somebody watches them, or a socket is broken. */
export function frozenFlow(flow: FdFlow): FrozenDirection | undefined {
  const { phase, carrier, state, source, sink, inside, bytes } = flow
  if (phase === 'failed' || carrier instanceof WatchedCarrier || state?.held !== undefined) return undefined
  if (source.error !== undefined || sink.error !== undefined || sink.fd < 0) return undefined
  return {
    phase,
    isSplicing: carrier === kernelCarrier,
    bytes,
    inside,
    splicedBytes: state?.splicedBytes ?? 0,
    copiedInside: state?.copiedInside ?? 0,
    refusal: state?.refusal,
  }
}

export function pipeFdsOf({ state, source }: FdFlow): number[] {
  const kernelPipe = state?.kernelPipe ?? NO_KERNEL_PIPE
  const { native, outcome } = source.loop
  if (kernelPipe === NO_KERNEL_PIPE || native.showPipe(kernelPipe) < 0) return []
  return [outcome[PIPE_READ_FD]!, outcome[PIPE_WRITE_FD]!]
}

/** What waits in the source is not known yet, and its end may have been told already. So it counts as readable. */
export function restoreFlow(flow: FdFlow, frozen: FrozenDirection, kernelPipe: number | undefined): void {
  const { splicedBytes, copiedInside, refusal, isSplicing, phase } = frozen
  if (phase === 'flowing') flow.source.ready |= READABLE
  if (splicedBytes > 0 || refusal !== undefined || kernelPipe !== undefined) {
    flow.state = Object.assign(new SpliceState(), { splicedBytes, copiedInside, refusal })
    flow.state.kernelPipe = kernelPipe ?? NO_KERNEL_PIPE
  }
  const goesOnSplicing = isSplicing && flow.whyNotSplicing === undefined
  flow.carrier = goesOnSplicing || kernelPipe !== undefined ? beginSplicing(flow) : firstCarrier(flow)
}
