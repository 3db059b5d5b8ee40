/**
 * Standing orders of a direction: while it only copies, has nothing inside and its sink takes bytes, the addon
 * copies what arrives without being asked, and a small message costs a line of the batch instead of a run. What
 * such a copy found is judged here exactly as one that was asked for. Anything out of the ordinary ends the order
 * and brings the direction back to its pipe.
 */
import { FdSocket } from '../io/fd-socket.js'
import { SOURCE_EMPTY } from '../io/native.js'
import { READABLE, WRITABLE } from '../io/socket.js'
import { isBulk, nextCarrier } from './choose-carrier.js'
import { copyCarrier } from './copy-carrier.js'
import type { Direction } from './direction.js'
import { applyFindings, holdRest } from './fd-findings.js'

/** Leaves the order where it may stand, and takes it back where it may not. */
export function renewOrder(direction: Direction): void {
  const { source, sink } = direction
  if (!(source instanceof FdSocket) || !(sink instanceof FdSocket)) return
  if (mayStand(direction)) source.loop.leaveOrder(source, sink.fd)
  else source.loop.takeOrderBack(source)
}

/** Accounts for what an order moved. True where nothing is left to decide. */
export function accountFor(direction: Direction, came: number, went: number, found: number): boolean {
  direction.took(came)
  direction.gave(went)
  const source = direction.source as FdSocket
  if (found === SOURCE_EMPTY && !isBulk(direction, came)) return true
  source.loop.takeOrderBack(source)
  source.ready |= READABLE
  // The outcome is about this order only where it found more than an emptied source.
  if ((found & ~SOURCE_EMPTY) !== 0) holdRest(direction, source)
  applyFindings(direction, found, source.loop.outcome)
  if (!direction.isOver) direction.carrier = nextCarrier(direction, came)
  return false
}

function mayStand({ phase, carrier, inside, source, sink }: Direction): boolean {
  const isQuiet = source.ready === WRITABLE || source.ready === 0
  const sinkTakes = (sink.ready & WRITABLE) !== 0 && sink.error === undefined
  return phase === 'flowing' && carrier === copyCarrier && inside === 0 && isQuiet && sinkTakes
}
