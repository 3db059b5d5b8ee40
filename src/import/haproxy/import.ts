/** A config of HAProxy → a draft of ours: its sections, one after the other. */
import { isAbsolute, join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { applyDirective } from '../directive.js'
import { createDraft, type Draft, type Fields, hoist, put, remove, valueAt } from '../draft.js'
import { formatTime } from '../durations.js'
import { freeName } from '../names.js'
import type { Line } from '../place.js'
import type { Remarks } from '../remarks.js'
import { clusterNames } from './cluster-names.js'
import { clusterOf } from './clusters.js'
import { PROXY_DIRECTIVES } from './directives.js'
import { type GeneralDraft, GLOBAL_DIRECTIVES, RESOLVERS_DIRECTIVES } from './general.js'
import { type Bind, createProxyDraft, type ProxyDraft } from './proxy-draft.js'
import { addRoutes } from './routes.js'
import { addConnectionRules } from './rules.js'
import { PROXIES, sectionsOf } from './sections.js'
import { linesOf } from './words.js'

const HTTP =
  'mode http is not imported. millrace forwards one request for each connection (protocol: http), or chooses a cluster by the first request (http: pass)'

export function importHaproxy(text: string, file: string, remarks: Remarks): Draft {
  const draft = createDraft()
  const general: GeneralDraft = { fields: draft.general, spreadChecks: undefined, crtBase: '', caBase: '' }
  const proxies: ProxyDraft[] = []
  for (const section of sectionsOf(linesOf(text, file), remarks)) {
    const { kind, header, lines } = section
    if (kind === 'global') for (const line of lines) applyDirective(GLOBAL_DIRECTIVES, line, general, remarks)
    else if (kind === 'resolvers')
      for (const line of lines) applyDirective(RESOLVERS_DIRECTIVES, line, general, remarks)
    else if (PROXIES.has(kind)) {
      const proxy = createProxyDraft(section)
      if (modeOf(lines) === 'tcp') proxies.push(readProxy(proxy, lines, remarks))
      else remarks.leftOut(header, HTTP)
    } else remarks.leftOut(header, `millrace has no section "${kind}"`)
  }
  const names = clusterNames(proxies.filter(isBackend).map(({ section }) => section.name))
  addClusters(draft, proxies, names, general, remarks)
  const leadsTo: LeadsTo = (backend) => {
    const cluster = names.get(backend)
    return cluster !== undefined && draft.clusters.has(cluster) ? cluster : undefined
  }
  addListeners(draft, proxies, leadsTo, general, remarks)
  hoist(draft)
  return draft
}

/** The last line decides, as in HAProxy. */
function modeOf(lines: readonly Line[]): string {
  const modes = lines.filter(({ words: [word] }) => word === 'mode').map(({ words }) => words[1])
  return modes.at(-1) ?? 'tcp'
}

function readProxy(proxy: ProxyDraft, lines: readonly Line[], remarks: Remarks): ProxyDraft {
  for (const line of lines) applyDirective(PROXY_DIRECTIVES, line, proxy, remarks)
  return proxy
}

/** The cluster of a backend, by its name in HAProxy. Undefined: there is none. */
type LeadsTo = (backend: string) => string | undefined

const isBackend = ({ section }: ProxyDraft): boolean => section.kind !== 'frontend'

/** `names`: what the cluster of each backend is called. */
function addClusters(
  draft: Draft,
  proxies: readonly ProxyDraft[],
  names: ReadonlyMap<string, string>,
  general: GeneralDraft,
  remarks: Remarks,
): void {
  for (const proxy of proxies.filter(isBackend)) {
    const { section } = proxy
    const name = names.get(section.name)!
    const cluster = clusterOf(proxy, clientIdleMs(proxy, proxies), remarks)
    if (cluster === undefined) continue
    if (general.spreadChecks !== undefined && valueAt(cluster, 'health.check') !== undefined)
      put(cluster, 'health.check.jitterPercent', general.spreadChecks)
    resolveFiles(cluster, general)
    if (draft.clusters.has(name)) remarks.leftOut(section.header, 'another backend has this name')
    else draft.clusters.set(name, cluster)
    if (name !== section.name) remarks.differs(section.header, `its cluster has the name "${name}"`)
  }
}

/** How long the frontends of a cluster let their clients be silent: the longest time. */
function clientIdleMs(proxy: ProxyDraft, proxies: readonly ProxyDraft[]): number | undefined {
  const { name } = proxy.section
  const users = proxies.filter(
    (each) =>
      each === proxy || each.defaultBackend === name || each.routes.some(({ backend }) => backend === name),
  )
  const times = users.flatMap(({ timeouts, section }) =>
    section.kind === 'backend' ? [] : (timeouts.get('client') ?? []),
  )
  return times.length === 0 ? undefined : Math.max(...times)
}

function addListeners(
  draft: Draft,
  proxies: readonly ProxyDraft[],
  leadsTo: LeadsTo,
  general: GeneralDraft,
  remarks: Remarks,
): void {
  const taken = new Set<string>()
  const addresses = new Set<string>()
  for (const proxy of proxies) {
    const { section, binds } = proxy
    if (section.kind === 'backend') continue
    if (section.kind === 'listen') proxy.defaultBackend ??= section.name
    const places = binds.flatMap((bind) => bind.addresses.map((address) => ({ bind, address })))
    if (places.length > 1 && valueAt(proxy.listener, 'limits') !== undefined)
      remarks.differs(section.header, 'each address is a listener here, and each listener has these limits')
    const own: Fields[] = []
    for (const { bind, address } of places) {
      const name = freeName(section.name, taken)
      taken.add(name)
      const listener = listenerOf(proxy, bind, { name, address }, leadsTo, draft.general, remarks)
      resolveFiles(listener, general)
      if (addresses.has(address)) remarks.leftOut(bind.line, `${address} is already an address of a listener`)
      else if (listener.cluster === undefined && listener.routes === undefined)
        remarks.leftOut(bind.line, 'there is no cluster for its clients')
      else {
        own.push(listener)
        addresses.add(address)
      }
    }
    draft.listeners.push(...asOne(own))
  }
}

/** Listeners that differ only in their addresses are one with all of them. */
function asOne(listeners: readonly Fields[]): readonly Fields[] {
  const settings = listeners.map(({ name: _, address: __, ...rest }) => rest)
  const [first] = settings
  if (listeners.length < 2 || !settings.every((each) => isDeepStrictEqual(each, first))) return listeners
  return [{ name: listeners[0]!.name, addresses: listeners.map(({ address }) => address), ...first }]
}

/** What a listener has from its bind line and from its section. */
const MERGED: ReadonlySet<string> = new Set(['limits', 'socket'])

function listenerOf(
  proxy: ProxyDraft,
  { fields }: Bind,
  place: { readonly name: string; readonly address: string },
  leadsTo: LeadsTo,
  general: Fields,
  remarks: Remarks,
): Fields {
  const listener: Fields = { ...place, ...structuredClone(proxy.listener) }
  for (const [key, value] of Object.entries(structuredClone(fields)))
    listener[key] = MERGED.has(key)
      ? { ...(listener[key] as Fields | undefined), ...(value as Fields) }
      : value
  if (place.address.startsWith('unix:')) {
    remove(listener, 'socket.interface')
    remove(listener, 'socket.transparent')
    remove(listener, 'socket.congestion')
  }
  addConnectionRules(proxy, listener, remarks)
  addRoutes(proxy, listener, leadsTo, remarks)
  dropWhatIsNeverReached(listener, general)
  const delay = proxy.timeouts.get('inspect-delay')
  if (delay !== undefined && listener.routes !== undefined)
    put(listener, 'timeouts.firstBytesMs', formatTime(delay))
  return listener
}

/** A limit of a listener that is not below that of the whole proxy does nothing, and a config may not have it. */
function dropWhatIsNeverReached(listener: Fields, general: Fields): void {
  const [own, all] = [listener, general].map((fields) => valueAt(fields, 'limits.maxConnections'))
  if (typeof own === 'number' && typeof all === 'number' && own >= all)
    remove(listener, 'limits.maxConnections')
}

/** Files of certificates stand in the folders that `global` names. */
function resolveFiles(fields: Fields, { crtBase, caBase }: GeneralDraft): void {
  const tls = fields.tls as Fields | undefined
  if (tls === undefined) return
  const within = (base: string, file: unknown): unknown =>
    typeof file === 'string' && base !== '' && !isAbsolute(file) ? join(base, file) : file
  for (const key of ['cert', 'key']) if (tls[key] !== undefined) tls[key] = within(crtBase, tls[key])
  for (const key of ['ca', 'clientCa']) if (tls[key] !== undefined) tls[key] = within(caBase, tls[key])
  for (const pair of (tls.certificates as Fields[] | undefined) ?? [])
    for (const key of ['cert', 'key']) pair[key] = within(crtBase, pair[key])
}
