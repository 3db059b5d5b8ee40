/**
 * The errors that connections of a listener can end with, each with the cluster it would be counted for.
 */
import type { Service } from '../connection/service.js'
import { type CountedEnding, ERRORS } from '../observe/endings.js'

export function* expectedErrors(service: Service): Iterable<readonly [cluster: string, CountedEnding]> {
  for (const ending of errorsBefore(service)) yield ['', ending]
  for (const cluster of clustersBehind(service)) {
    for (const ending of errorsAt(service, cluster)) yield [cluster, ending]
  }
}

/** Its clients, and for them backends, are asked for TLS first. */
const isStarted = ({ policy }: Service): boolean => policy?.config.startTls !== undefined

const isHttp = ({ policy }: Service): boolean => policy?.config.protocol === 'http'

/** Where no cluster was chosen. */
function errorsBefore(service: Service): readonly CountedEnding[] {
  if (isHttp(service)) return [...ERRORS['first-bytes'], ...ERRORS.request]
  return service.policy === undefined ? [] : ERRORS['first-bytes']
}

function errorsAt(service: Service, cluster: string): readonly CountedEnding[] {
  if (isHttp(service)) return [...ERRORS.cluster, ...ERRORS.preamble, ...ERRORS.http, ...ERRORS.request]
  const { sendProxy, origination } = service.destinations.get(cluster)!.preamble
  const isTold = sendProxy !== undefined || origination !== undefined || isStarted(service)
  return isTold ? [...ERRORS.cluster, ...ERRORS.preamble] : ERRORS.cluster
}

/** Where clients of this listener may come to. A route function may name any. */
function clustersBehind({ policy, destination, destinations }: Service): Iterable<string> {
  if (policy === undefined) return destination === undefined ? [] : [destination.cluster.name]
  const { route, routes, cluster, onNoSni, onBadHello } = policy.config
  if (route !== undefined) return destinations.keys()
  const named = new Set([cluster, onNoSni, onBadHello, ...routes.map((each) => each.cluster)])
  return [...destinations.keys()].filter((name) => named.has(name))
}
