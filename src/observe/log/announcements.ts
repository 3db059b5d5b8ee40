/**
 * Log lines about things other than connections: backends that fail and recover, certificates that change.
 */
import { type Address, formatAddress } from '../../address.js'
import type { Backend } from '../../cluster/backend.js'
import type { ClusterHooks } from '../../cluster/cluster.js'
import type { NamesHooks } from '../../cluster/names/dns-names.js'
import { formatProblem, SHORTAGES } from '../../errors.js'
import type { ListHooks } from '../../limits/lists/own-lists.js'
import type { MostConnections } from '../../limits/most-connections.js'
import type { ProbeResult } from '../../probes/check.js'
import type { CertificateHooks } from '../../tls/tls-termination.js'
import type { Log } from './log.js'

export function announceCluster(log: Log, cluster: string): ClusterHooks {
  return {
    onBackendDown: (found, restMs) => {
      const facts = { ...newsOf(cluster, found), restMs }
      const { backend } = facts
      if (restMs > 0) log.warn(facts, `backend ${backend} rests: ${inWords(facts)}`)
      else log.warn(facts, `backend ${backend} is down: ${inWords(facts)}`)
    },
    onBackendUp: (found, isActive) => {
      const facts = newsOf(cluster, found, isActive)
      const why = facts.judgedBy === undefined ? '' : `: ${inWords(facts)}`
      log.info(facts, `backend ${facts.backend} is back${why}`)
    },
    onBackendFlapping: ({ name: backend }, restMs) =>
      log.warn({ cluster, backend, restMs }, `backend ${backend} changes too often: it stays down`),
    onMoved: ({ tier }) => {
      if (tier === undefined) log.info({ cluster }, `cluster ${cluster}: its first tier serves again`)
      else log.warn({ cluster, tier }, `cluster ${cluster}: tier ${tier} serves from now on`)
    },
  }
}

/** What is known about a backend that is down or back. `isKnown`: checks or its agent say why. */
export function newsOf(cluster: string, { name, health }: Backend, isKnown = true) {
  const { judgedBy, reason, detail } = (isKnown ? health.judgement : undefined) ?? {}
  return { cluster, backend: name, judgedBy, reason, detail }
}

export function announceNames(log: Log): NamesHooks {
  return {
    failed: ({ kind, name }, code, retryMs) =>
      log.warn({ name, kind, code, retryMs }, `no good answer for ${name}: ${code}`),
    moved: ({ kind, name }, places, before) => {
      const added = places.filter((each) => !before.includes(each))
      const gone = before.filter((each) => !places.includes(each))
      const [one, several] = kind === 'srv' ? ['place', 'places'] : ['address', 'addresses']
      const things = places.length === 1 ? one : several
      log.info({ name, kind, added, gone }, `${name}: ${places.length} ${things}`)
    },
  }
}

/** ms between two lines about checks that could not be made. All backends have the same reason for that. */
const TELL_UNCHECKED_EVERY_MS = 60_000

/** How single checks went. What follows from them is told by `announceCluster`. */
export function announceChecks(log: Log): (cluster: string, backend: string, result: ProbeResult) => void {
  let toldAt = Number.NEGATIVE_INFINITY
  return (cluster, backend, { passed, reason, detail }) => {
    if (passed) return
    const facts = { cluster, backend, reason, detail }
    if (reason !== 'SOCKERR') {
      log.debug(facts, `a check of backend ${backend} failed: ${inWords({ reason, detail })}`)
      return
    }
    const now = performance.now()
    if (now - toldAt < TELL_UNCHECKED_EVERY_MS) return
    toldAt = now
    log.warn(facts, `backend ${backend} could not be checked: ${detail}`)
  }
}

/** `L4CON ECONNREFUSED` */
const inWords = ({
  reason,
  detail,
}: { readonly [Word in 'reason' | 'detail']: string | undefined }): string =>
  [reason, detail].filter((word) => word !== undefined).join(' ')

/** ms between two lines about the same two listeners. */
const TELL_LOOP_EVERY_MS = 10_000
/** Lines of so many pairs of listeners are remembered. */
const MOST_LOOPS = 1000

/** A connection would have come back to a listener that it has passed. `passed`: the listeners on its way, the last one last. */
export function announceLoops(log: Log): (passed: readonly string[], listener: string, to: Address) => void {
  const toldAt = new Map<string, number>()
  return (passed, loopsTo, to) => {
    const [backend, listener] = [formatAddress(to), passed.at(-1)]
    const pair = JSON.stringify([listener, loopsTo])
    const now = performance.now()
    if (now - (toldAt.get(pair) ?? Number.NEGATIVE_INFINITY) < TELL_LOOP_EVERY_MS) return
    if (toldAt.size >= MOST_LOOPS) toldAt.clear()
    toldAt.set(pair, now)
    log.warn(
      { listener, loopsTo, passed, backend },
      `listener ${listener} leads back to listener ${loopsTo}: ${backend} was not dialled`,
    )
  }
}

export function announceCertificates(log: Log, listener: string): CertificateHooks {
  return {
    reread: (file, err) => {
      if (err === undefined) log.info({ listener, file }, 'certificates were read again')
      else log.error({ listener, file, err }, 'the new certificates cannot be used: the old ones stay')
    },
    badDates: ({ message, isGood }) => {
      if (isGood) log.warn({ listener }, message)
      else log.error({ listener }, message)
    },
  }
}

export function announceLists(log: Log): ListHooks {
  return {
    loaded: ({ file, loaded: { entries } }) =>
      log.info({ file: file.path, kind: file.kind, entries }, `list ${file.path}: ${entries} entries`),
    failed: ({ path, kind }, problems) =>
      log.error(
        { file: path, kind, problems: problems.map(formatProblem) },
        `the list ${path} cannot be used: the old one stays`,
      ),
  }
}

/** The listener of 0.0.0.0 beside this one is gone. */
export function announceIpv6Only(log: Log, listener: string): void {
  log.warn(
    { listener },
    `listener ${listener} takes no IPv4 clients until it is opened again: take it out of the config and reload, ` +
      'then put it back and reload once more, or start the process again',
  )
}

/** Undefined: the platform does not tell how many file descriptors a process may have. */
export function announceMostConnections(log: Log, own: MostConnections | undefined, workers: number): void {
  if (own === undefined) return
  const where = workers === 1 ? '' : ` in each of the ${workers} workers`
  const { most: mostConnections, mostFds, arithmetic } = own
  log.info(
    { mostConnections, mostFds },
    `file descriptors are enough for ${mostConnections} connections${where}: ${arithmetic}`,
  )
}

/** Sockets that the service manager has opened. */
export function announceUnusedSockets(log: Log, sockets: readonly string[]): void {
  if (sockets.length === 0) return
  log.warn({ sockets }, `no listener uses ${sockets.join(', ')}: clients wait there for ever`)
}

export function announcePause(log: Log, listener: string, errno: string): void {
  const hint = errno === 'ENOSPC' ? ': raise fs.epoll.max_user_watches' : ''
  log.warn(
    { listener, errno },
    `accepting pauses: ${SHORTAGES.has(errno) ? `out of resources (${errno})` : errno}${hint}`,
  )
}

export function announceFailedAccept(log: Log, listener: string, errno: string): void {
  log.warn({ listener, errno }, `a client could not be accepted (${errno})`)
}
