/**
 * The errors that connections of a listener can end with, each with the cluster it would be counted for.
 */
import type { Service } from '../connection/connection.js'
import { type Ending, JOINING_ERRORS, MEETING_ERRORS, OPENING_ERRORS } from '../observe/error-endings.js'

export function* expectedErrors(service: Service): Iterable<readonly [cluster: string, Ending]> {
  const hasOpening = service.reception !== undefined
  if (hasOpening) for (const ending of OPENING_ERRORS) yield ['', ending]
  const endings = hasOpening ? [...JOINING_ERRORS, ...MEETING_ERRORS] : JOINING_ERRORS
  for (const cluster of clustersBehind(service)) for (const ending of endings) yield [cluster, ending]
}

/** Where clients of this listener may come to. A route function may name any. */
function clustersBehind({ reception, destination, destinations }: Service): Iterable<string> {
  if (reception === undefined) return destination === undefined ? [] : [destination.cluster.name]
  const { route, routes, cluster, onNoSni, onBadHello } = reception.config
  if (route !== undefined) return destinations.keys()
  const named = new Set([cluster, onNoSni, onBadHello, ...routes.map((each) => each.cluster)])
  return [...destinations.keys()].filter((name) => named.has(name))
}
