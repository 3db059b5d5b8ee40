/**
 * Copies with recv and send in the addon, through the loop's one scratch buffer. The flow keeps only what a
 * short send leaves over, until the sink takes it.
 */
import { IN, OUT } from '../../io/kernel/native-constants.js'
import type { Carrier } from '../carrier.js'
import type { FdFlow } from './fd-flow.js'
import { applyFindings, cameOrMustWait, hintsFor, holdRest } from './findings.js'
import type { SpliceState } from './splice-state.js'

export const copyCarrier: Carrier<FdFlow> = {
  name: 'copy',

  move(flow: FdFlow, budget: number): number {
    const { state } = flow
    const foundOfHeld = state?.held === undefined ? 0 : sendHeld(flow, state, state.held)
    if (state?.held !== undefined || budget === 0 || !flow.canMove) return cameOrMustWait(0, foundOfHeld)
    const { loop, fd } = flow.source
    const found = loop.native.copy(fd, flow.sink.fd, budget, hintsFor(flow, budget))
    const came = loop.outcome[IN]!
    flow.took(came)
    flow.gave(loop.outcome[OUT]!)
    holdRest(flow)
    applyFindings(flow, found)
    return cameOrMustWait(came, found)
  },

  drop({ state }: FdFlow): void {
    if (state !== undefined) state.held = undefined
  },
}

/** Sends what an earlier move left over. Returns the findings. */
function sendHeld(flow: FdFlow, state: SpliceState, held: Buffer): number {
  if (!flow.canMove) return 0
  const { loop, fd } = flow.sink
  const found = loop.native.send(fd, held)
  const sent = loop.outcome[OUT]!
  flow.gave(sent)
  state.held = sent < held.length ? held.subarray(sent) : undefined
  applyFindings(flow, found)
  return found
}
