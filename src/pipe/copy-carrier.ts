/**
 * recv and send in the addon, through the loop's one scratch buffer. Only what a short send leaves over is
 * kept, on the direction, until the sink takes it.
 */
import type { FdSocket } from '../io/fd-socket.js'
import { IN, OUT } from '../io/native-constants.js'
import type { Carrier } from './carrier.js'
import type { Direction } from './direction.js'
import { applyFindings, cameOrMustWait, hintsFor, holdRest } from './fd-findings.js'

export const copyCarrier: Carrier = {
  name: 'copy',

  move(direction: Direction, budget: number): number {
    const foundOfHeld = direction.held === undefined ? 0 : sendHeld(direction)
    if (direction.held !== undefined || !direction.canMove) return cameOrMustWait(0, foundOfHeld)
    const source = direction.source as FdSocket
    const { native, outcome } = source.loop
    const found = native.copy(source.fd, (direction.sink as FdSocket).fd, budget, hintsFor(direction))
    const came = outcome[IN]!
    direction.took(came)
    direction.gave(outcome[OUT]!)
    holdRest(direction, source)
    applyFindings(direction, found, outcome)
    return cameOrMustWait(came, found)
  },

  drop(direction: Direction): void {
    direction.held = undefined
  },
}

/** Answers what was found. */
function sendHeld(direction: Direction): number {
  if (!direction.canMove) return 0
  const held = direction.held!
  const sink = direction.sink as FdSocket
  const { native, outcome } = sink.loop
  const found = native.send(sink.fd, held)
  const sent = outcome[OUT]!
  direction.gave(sent)
  direction.held = sent < held.length ? held.subarray(sent) : undefined
  applyFindings(direction, found, outcome)
  return found
}
