/** What the faults that have begun do to the bytes of one direction. Pure. */
import type { Direction, Fault, Hang, Join, Split, Throttle } from './fault.js'

export interface Treatment {
  readonly delayMs: number
  readonly join: Join | undefined
  readonly split: Split | undefined
  readonly throttle: Throttle | undefined
  readonly hang: Hang | undefined
}

export const NO_TREATMENT: Treatment = {
  delayMs: 0,
  join: undefined,
  split: undefined,
  throttle: undefined,
  hang: undefined,
}

/** Of two faults of one kind, the later one in the list holds. */
export function treatmentOf(direction: Direction, begun: readonly Fault[]): Treatment {
  const of = <Kind extends Fault['do']>(kind: Kind) =>
    begun.findLast(
      (fault): fault is Extract<Fault, { do: Kind }> => fault.do === kind && concerns(fault, direction),
    )
  return {
    delayMs: of('delay')?.ms ?? 0,
    join: of('join'),
    split: of('split'),
    throttle: of('throttle'),
    hang: of('hang'),
  }
}

function concerns(fault: Fault, direction: Direction): boolean {
  if (!('direction' in fault) || fault.direction === undefined) return true
  return fault.direction === 'both' || fault.direction === direction
}
