/**
 * The errors that connections of a listener can end with, each with the cluster it would be counted for.
 */
import type { Service } from '../connection/connection.js'
import {
  type Ending,
  HTTP_ERRORS,
  JOINING_ERRORS,
  MEETING_ERRORS,
  OPENING_ERRORS,
} from '../observe/error-endings.js'

export function* expectedErrors(service: Service): Iterable<readonly [cluster: string, Ending]> {
  if (service.reception !== undefined) for (const ending of OPENING_ERRORS) yield ['', ending]
  for (const cluster of clustersBehind(service)) {
    for (const ending of errorsAt(service, cluster)) yield [cluster, ending]
  }
}

/** Its clients, and for them backends, are asked for TLS first. */
const isStarted = ({ reception }: Service): boolean => reception?.config.startTls !== undefined

function errorsAt(service: Service, cluster: string): readonly Ending[] {
  const { reception, destinations } = service
  if (reception?.config.protocol === 'http') return [...JOINING_ERRORS, ...MEETING_ERRORS, ...HTTP_ERRORS]
  const { sendProxy, origination } = destinations.get(cluster)!.manners
  const isTold = sendProxy !== undefined || origination !== undefined || isStarted(service)
  return isTold ? [...JOINING_ERRORS, ...MEETING_ERRORS] : JOINING_ERRORS
}

/** Where clients of this listener may come to. A route function may name any. */
function clustersBehind({ reception, destination, destinations }: Service): Iterable<string> {
  if (reception === undefined) return destination === undefined ? [] : [destination.cluster.name]
  const { route, routes, cluster, onNoSni, onBadHello } = reception.config
  if (route !== undefined) return destinations.keys()
  const named = new Set([cluster, onNoSni, onBadHello, ...routes.map((each) => each.cluster)])
  return [...destinations.keys()].filter((name) => named.has(name))
}
