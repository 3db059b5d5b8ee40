/**
 * Chooses the cluster of a client, once its opening has learnt all there is to know: by the listener's
 * routes, or by the user's `route` function.
 */
import { comparePath } from '../../request-path.js'
import type { Requests } from '../../route/table.js'
import { askRoute } from '../decision/ask-route.js'
import type { Decision } from '../decision/read-decision.js'
import { type Refusal, refuse } from '../refusal.js'
import { type KnownClient, maySpeakTls } from './known-client.js'

/** Stands in place of a cluster: the client is turned away. */
export const REJECT = 'reject'

export interface Choice {
  /** Undefined: there is none, and the decision has a backend. */
  readonly cluster: string | undefined
  /** What becomes of its request. */
  readonly http: Requests
  /** What a route function says besides the cluster. */
  readonly decision?: Decision | undefined
}

export async function routeOf(client: KnownClient): Promise<Choice> {
  const { config, routes } = client.policy
  const { hello, tls, request, startUp } = client
  const path = comparedPathOf(client)
  if (config.route !== undefined) {
    return choiceOf(await askRoute(client, config.route, path), client)
  }
  const isNameless = hello !== undefined && hello.serverName === undefined
  if (isNameless && config.onNoSni !== undefined) {
    client.decidedBy = 'onNoSni'
    return choiceFor(config.onNoSni, client)
  }
  const rule = routes.find({
    client: client.address,
    spoken: client.spoken,
    serverName: hello?.serverName,
    alpn: tls === undefined ? hello?.alpn : [tls.alpn ?? ''],
    host: request?.head.host,
    path,
    user: startUp?.user,
    database: startUp?.database,
  })
  if (rule === undefined) return choiceFor(clusterWithoutHello(client), client)
  client.decidedBy = rule.index
  if (rule.cluster === undefined) throw refuse('rejected')
  return { cluster: rule.cluster, http: rule.http ?? config.http }
}

/** Undefined if nothing depends on the path. Then nothing about it is refused either. */
function comparedPathOf({ request, policy }: KnownClient): string | undefined {
  if (request === undefined || !policy.comparesPaths) return undefined
  const compared = comparePath(request.head.path, policy.config.allowEncodedSlash)
  if (compared.kind === 'refused') throw refuse(`bad-request: ${compared.reason}`)
  return compared.path
}

/** The cluster of `onBadHello`, for a client that speaks no TLS where TLS is needed. Undefined for any other client. */
function clusterWithoutHello(client: KnownClient): string | undefined {
  const { policy } = client
  if (maySpeakTls(client) || !policy.looksAtHello || policy.mayLackHello) return undefined
  const { onBadHello } = policy.config
  client.decidedBy = 'onBadHello'
  if (onBadHello === REJECT) throw refuse('bad-hello: not TLS')
  return onBadHello
}

/** What a route function has decided. A decision that only names a cluster is not kept. */
function choiceOf(decision: Decision, client: KnownClient): Choice {
  const { cluster, ...more } = decision
  if (Object.keys(more).length === 0) return choiceFor(cluster, client)
  client.decision = decision
  const { cluster: own, http } = client.policy.config
  if (decision.backend !== undefined) return { cluster: cluster ?? own, http, decision }
  return { ...choiceFor(cluster, client), decision }
}

/** Takes the listener's own cluster if none was named. */
function choiceFor(cluster: string | undefined, client: KnownClient): Choice {
  const { config } = client.policy
  if (cluster === undefined) client.decidedBy = 'cluster'
  const chosen = cluster ?? config.cluster
  if (chosen === undefined) throw client.unfinished ?? whyNowhere(client)
  return { cluster: chosen, http: config.http }
}

function whyNowhere({ policy: { config }, request }: KnownClient): Refusal {
  if (config.redirect === undefined || request === undefined) return refuse('no-route')
  // Only a request of HTTP/1.0 may leave the host out.
  return request.head.host === ''
    ? refuse('bad-request: no Host')
    : refuse('redirected', config.redirect.status)
}
