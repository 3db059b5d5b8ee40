/**
 * Chooses the cluster of a client, once its opening has learnt all there is to know: by the listener's
 * routes, or by the user's `route` function.
 */
import type { OwnTimeouts } from '../../config/timeouts.js'
import { DialogueOver } from '../../io/dialogue.js'
import { comparePath } from '../../request-path.js'
import type { Requests } from '../../route/table.js'
import type { Destined, RouteFunction, Visitor } from '../../route/visitor.js'
import { type Refusal, refuse } from '../refusal.js'
import { readTimeouts } from './decided-timeouts.js'
import { type KnownClient, maySpeakTls } from './known-client.js'
import { RouteTime } from './route-time.js'

/** Stands in place of a cluster: the client is turned away. */
export const REJECT = 'reject'
/** First byte of a record that carries a handshake, RFC 8446 section 5.1. */
const TLS_HANDSHAKE = 22
const MOST_PEEKED_BYTES = 16 * 1024

export interface Choice {
  readonly cluster: string
  /** What becomes of its request. */
  readonly http: Requests
  /** Of this connection. Undefined: those of its cluster. */
  readonly timeouts?: OwnTimeouts | undefined
}

/** What a route function has decided about a client that it has not rejected. */
type Decided = Pick<Destined, 'cluster' | 'timeouts'>

export async function routeOf(client: KnownClient): Promise<Choice> {
  const { config, routes } = client.policy
  const { hello, tls, request, startUp } = client
  const path = comparedPathOf(client)
  if (config.route !== undefined) {
    const { cluster, timeouts } = await askRoute(client, config.route, path)
    const choice = choiceFor(cluster, client)
    return timeouts === undefined ? choice : { ...choice, timeouts: readTimeouts(timeouts) }
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

async function askRoute(
  client: KnownClient,
  route: RouteFunction,
  path: string | undefined,
): Promise<Decided> {
  const time = new RouteTime()
  const asked = Promise.resolve(visitorOf(client, path, time)).then(route)
  const decision = await client.dialogue.during(asked).catch((error) => {
    // At a deadline, the client is to blame only if the function waited for its bytes.
    const isOurs = error instanceof DialogueOver && error.why === 'timed-out' && time.isOwn
    throw isOurs ? refuse('first-bytes-timeout') : error
  })
  client.routeMicros = time.ownMicros
  if (typeof decision !== 'object') return { cluster: decision }
  if (!decision.isRejected) {
    if (decision.key !== undefined && typeof decision.key !== 'string')
      throw new TypeError(`route: key must be a text, it is a ${typeof decision.key}`)
    client.balanceKey = decision.key
    return decision
  }
  throw refuse(decision.reason === undefined ? 'rejected' : `rejected: ${decision.reason}`)
}

function visitorOf(client: KnownClient, path: string | undefined, time: RouteTime): Visitor {
  const { dialogue, request, tls, proxyHeader, policy } = client
  return {
    client: client.address,
    listener: policy.config.name,
    proxyHeader,
    tls,
    startUp: client.startUp,
    request: request && {
      ...request.head,
      comparedPath: path ?? request.head.path,
      isUpgrade: request.key !== undefined,
    },
    clientHello: async () => {
      const hello = await time.waitFor(client.readHello())
      if (typeof hello !== 'string') return hello
      if (dialogue.socket.peek(1)[0] !== TLS_HANDSHAKE) return undefined
      throw refuse(`bad-hello: ${hello}`)
    },
    peek: async (bytes) => {
      if (!Number.isInteger(bytes) || bytes < 1 || bytes > MOST_PEEKED_BYTES) {
        throw new RangeError(`peek: expected 1 to ${MOST_PEEKED_BYTES} bytes, not ${bytes}`)
      }
      return time.waitFor(dialogue.show(bytes))
    },
    reject: (reason) => ({ isRejected: true, reason }),
  }
}
