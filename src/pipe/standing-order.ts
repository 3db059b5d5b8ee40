/**
 * Standing orders of a direction: while it only copies, has nothing inside and its sink takes bytes, the addon
 * copies what arrives without being asked, and a small message costs no call: the addon counts it, and whoever wants
 * to know how much and when asks `countCarried` first. Of the first message and of bulk the pipe is told, and of all
 * that is out of the ordinary, which ends the order and is judged here exactly as after a copy that was asked for.
 */
import { FdSocket } from '../io/fd-socket.js'
import { SOURCE_EMPTY } from '../io/native-constants.js'
import { READABLE, WRITABLE } from '../io/socket.js'
import { isBulk, nextCarrier, PROMOTE_BYTES } from './choose-carrier.js'
import { copyCarrier } from './copy-carrier.js'
import type { Direction } from './direction.js'
import { applyFindings, holdRest } from './fd-findings.js'

/** Leaves the order where it may stand, and takes it back where it may not. */
export function renewOrder(direction: Direction): void {
  const { source, sink } = direction
  if (!(source instanceof FdSocket) || !(sink instanceof FdSocket)) return
  if (mayStand(direction)) source.loop.leaveOrder(source, sink.fd, tellFrom(direction))
  else source.loop.takeOrderBack(source)
}

/** Counts what the order moved without a word: how many ms ago the last of it went, undefined where nothing did. */
export function countCarried(direction: Direction): number | undefined {
  const { source } = direction
  if (!(source instanceof FdSocket)) return undefined
  const bytes = source.loop.takeCarried(source.fd)
  if (bytes === 0) return undefined
  direction.took(bytes)
  direction.gave(bytes)
  return source.loop.msSinceCarried(source.fd)
}

/** Accounts for what an order moved and told. True where nothing is left to decide. */
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

/** Of the first bytes at any rate: when they came is a fact of its own. So is that a source takes bytes again. */
function tellFrom({ bytes, mode, source }: Direction): number {
  if (bytes === 0 || source.ready === 0 || mode === 'on') return 0
  return mode === 'auto' ? PROMOTE_BYTES : Number.POSITIVE_INFINITY
}

function mayStand({ phase, carrier, inside, source, sink }: Direction): boolean {
  const isQuiet = source.ready === WRITABLE || source.ready === 0
  const sinkTakes = (sink.ready & WRITABLE) !== 0 && sink.error === undefined
  return phase === 'flowing' && carrier === copyCarrier && inside === 0 && isQuiet && sinkTakes
}
