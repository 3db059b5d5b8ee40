/** Where clients go, and the timeouts of their connections in the places where they apply. Pure. */
import { didYouMean } from '../config/suggest.js'
import { type ConnectionTimeouts, connectionTimeouts } from '../config/timeouts.js'
import { quote } from '../config/wording.js'
import type { PipeTimeouts } from '../pipe/options.js'
import type { Choice } from './opening/choice.js'
import type { Destination } from './service.js'

/** The same cluster for clients with other timeouts. */
export function withTimeouts(destination: Destination, timeouts: ConnectionTimeouts): Destination {
  const { pipes, preamble } = destination
  const { connectMs, responseMs, idleMs } = timeouts
  return {
    ...destination,
    connectMs,
    pipes: { ...pipes, settings: { ...pipes.settings, ...pipeTimeouts(timeouts) } },
    preamble: { ...preamble, responseMs, idleMs },
  }
}

/** Where a client goes about which this was decided. @throws RangeError if there is no such cluster */
export function destinationOf(
  { cluster, timeouts }: Pick<Choice, 'cluster' | 'timeouts'>,
  destinations: ReadonlyMap<string, Destination>,
): Destination {
  const destination = destinations.get(cluster)
  if (destination === undefined)
    throw new RangeError(
      `there is no cluster ${quote(cluster)}${didYouMean(cluster, [...destinations.keys()])}`,
    )
  if (timeouts === undefined) return destination
  return withTimeouts(destination, connectionTimeouts(timeoutsOf(destination), timeouts))
}

function timeoutsOf({ connectMs, pipes, preamble }: Destination): ConnectionTimeouts {
  const { idleTimeoutMs, halfClosedTimeoutMs, maxLifetimeMs } = pipes.settings
  const { responseMs } = preamble
  return {
    connectMs,
    responseMs,
    idleMs: idleTimeoutMs,
    halfClosedMs: halfClosedTimeoutMs,
    lifetimeMs: maxLifetimeMs,
  }
}

export function pipeTimeouts({ idleMs, halfClosedMs, lifetimeMs }: ConnectionTimeouts): PipeTimeouts {
  return { idleTimeoutMs: idleMs, halfClosedTimeoutMs: halfClosedMs, maxLifetimeMs: lifetimeMs }
}
