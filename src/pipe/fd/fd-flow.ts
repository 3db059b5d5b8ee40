/** A flow between two fds of ours, and what its carriers keep for it. */
import type { FdSocket } from '../../io/kernel/fd-socket.js'
import type { Carrier } from '../carrier.js'
import type { Flow } from '../flow.js'
import { SpliceState } from './splice-state.js'

export interface FdFlow extends Flow<FdSocket> {
  carrier: Carrier<FdFlow>
  /** Undefined until it is needed. */
  state: SpliceState | undefined
}

/** Keeps bytes that came in and that the sink did not take. */
export function hold(flow: FdFlow, bytes: Buffer): void {
  flow.state ??= new SpliceState()
  flow.state.held = bytes
}
