/** The servers of a `backend` or a `listen` → a cluster. What HAProxy says of each server, millrace says of the cluster. */
import { isDeepStrictEqual } from 'node:util'
import { type Fields, put, valueAt } from '../draft.js'
import { formatTime } from '../durations.js'
import type { Remarks } from '../remarks.js'
import type { ProxyDraft, ServerSays } from './proxy-draft.js'

/** Undefined: it has no server that millrace can dial. `clientIdleMs`: how long its frontends let a client be silent. */
export function clusterOf(
  draft: ProxyDraft,
  clientIdleMs: number | undefined,
  remarks: Remarks,
): Fields | undefined {
  const { servers, cluster, timeouts } = draft
  if (servers.length === 0) return undefined
  const fields: Fields = { ...cluster }
  if (fields.balance !== 'hash') delete fields.hash
  else if (fields.hash !== undefined) fields.hash = { key: 'source', ...(fields.hash as Fields) }
  addCommon(fields, servers, remarks)
  addCheck(draft, fields, remarks)
  addTimeouts(fields, timeouts, clientIdleMs)
  fields.backends = backendsOf(draft, remarks)
  return fields
}

/** What concerns only millrace, so the first server that says it decides. What backends are told the first server decides. */
const OF_ANY: ReadonlySet<string> = new Set(['health', 'slowStartMs', 'limits'])

/** Servers that say something else than the cluster gets are told. */
export function addCommon(fields: Fields, servers: readonly ServerSays[], remarks: Remarks): void {
  for (const key of new Set(servers.flatMap((each) => Object.keys(each.cluster)))) {
    const saying = OF_ANY.has(key) ? servers.find((each) => each.cluster[key] !== undefined) : servers[0]
    const value = saying?.cluster[key]
    const isSilent = (other: ServerSays): boolean => OF_ANY.has(key) && other.cluster[key] === undefined
    for (const other of servers)
      if (!isSilent(other) && !isDeepStrictEqual(other.cluster[key], value))
        remarks.differs(
          other.line,
          `"${key}" holds for all backends of a cluster, and this server says something else`,
        )
    if (value !== undefined) fields[key] = value
  }
}

function addCheck({ servers, check, timeouts }: ProxyDraft, fields: Fields, remarks: Remarks): void {
  const health = fields.health as Fields | undefined
  if (!servers.some(({ isChecked }) => isChecked)) {
    if (health !== undefined) delete health.check
    if (health !== undefined && Object.keys(health).length === 0) delete fields.health
    return
  }
  for (const { isChecked, line } of servers)
    if (!isChecked)
      remarks.differs(line, 'millrace checks all backends of a cluster or none: it checks this one, too')
  const own = (valueAt(fields, 'health.check') as Fields | undefined) ?? {}
  put(fields, 'health.check', { ...check, ...own })
  const ms = timeouts.get('check')
  if (ms !== undefined) put(fields, 'health.check.timeoutMs', formatTime(ms))
}

/** A time of 0 is no limit, in both. */
function addTimeouts(
  fields: Fields,
  timeouts: ReadonlyMap<string, number>,
  clientIdleMs: number | undefined,
): void {
  const set = (path: string, ms: number | undefined): void => {
    if (ms !== undefined) put(fields, path, formatTime(ms))
  }
  const [server, tunnel] = [timeouts.get('server'), timeouts.get('tunnel')]
  set('timeouts.connectMs', timeouts.get('connect'))
  set('timeouts.idleMs', tunnel ?? shorter(server, clientIdleMs))
  set('timeouts.halfClosedMs', timeouts.get('server-fin') ?? timeouts.get('client-fin'))
  set('limits.queueMs', timeouts.get('queue'))
}

/** The one that ends a silent connection first. */
function shorter(one: number | undefined, other: number | undefined): number | undefined {
  const set = [one, other].filter((ms) => ms !== undefined && ms > 0) as number[]
  return set.length === 0 ? (one ?? other) : Math.min(...set)
}

/** Without `option allbackups` only the first backup that works serves, so each backup is a tier of its own. */
function backendsOf({ servers, hasAllBackups }: ProxyDraft, remarks: Remarks): unknown[] {
  let tier = 0
  const seen = new Set<string>()
  const isTiered = !hasAllBackups && servers.filter(({ backend }) => backend.backup === true).length > 1
  return servers.flatMap(({ backend, line }) => {
    const key = String(backend.address ?? backend.srv)
    if (seen.has(key)) {
      remarks.leftOut(line, `${key} is already a backend of this cluster: give that one a larger weight`)
      return []
    }
    seen.add(key)
    const { backup, ...rest } = backend
    const told = backup !== true ? rest : isTiered ? { ...rest, tier: ++tier } : { ...rest, backup: true }
    return Object.keys(told).length === 1 && told.address !== undefined ? [told.address] : [told]
  })
}
