/**
 * `use_backend` and `tcp-request content` → routes. HAProxy takes the first line that matches, and millrace the route with the most
 * specific server name. So a line before one with a more specific name is repeated with that name.
 */
import type { Fields } from '../draft.js'
import type { Line } from '../place.js'
import type { Remarks } from '../remarks.js'
import type { Conjunction } from './conditions.js'
import type { ProxyDraft } from './proxy-draft.js'

/** A route in the making. */
export interface DraftRoute {
  readonly sni: readonly string[] | undefined
  /** Its other keys. */
  readonly fields: Fields
}

interface Told {
  readonly routes: DraftRoute[]
  /** Clients that speak no TLS are rejected. */
  rejectsOthers: boolean
  /** A line without conditions: no later line counts. */
  final: string | undefined
}

/** Writes routes, `cluster` and `onBadHello`. `clusterOf`: the cluster of a backend. Undefined: there is none. */
export function addRoutes(
  draft: ProxyDraft,
  fields: Fields,
  clusterOf: (backend: string) => string | undefined,
  remarks: Remarks,
): void {
  const told: Told = { routes: [], rejectsOthers: false, final: undefined }
  addContentRules(draft, told, remarks)
  addUseBackends(draft, told, clusterOf, remarks)
  const routes = forAllProtocols(inOurOrder(told.routes))
  if (routes.length > 0)
    fields.routes = routes.map(({ sni, fields: rest }) => ({ ...(sni && { sni: oneOrMore(sni) }), ...rest }))
  const { defaultBackend } = draft
  const cluster = told.final ?? (defaultBackend === undefined ? undefined : clusterOf(defaultBackend))
  if (cluster !== undefined) fields.cluster = cluster
  const needsHello = routes.some(isByHello)
  if (needsHello && !told.rejectsOthers && fields.cluster !== undefined && fields.tls === undefined)
    fields.onBadHello = fields.cluster
}

function addContentRules({ contentRules }: ProxyDraft, told: Told, remarks: Remarks): void {
  let accepts = 0
  for (const { line, action, condition } of contentRules) {
    if (typeof condition === 'string') remarks.leftOut(line, condition)
    else if (action === 'accept') accepts += condition.every(isAboutTls) ? 1 : 0
    else if (condition.length === 1 && condition[0]!.length === 0) {
      if (accepts > 0) told.rejectsOthers = true
      else remarks.leftOut(line, 'it rejects everybody')
    } else if (condition.length === 1 && isNotTls(condition[0]!)) told.rejectsOthers = true
    else for (const conjunction of condition) addRoute(line, conjunction, { reject: true }, told, remarks)
  }
}

const isAboutTls = (conjunction: Conjunction): boolean =>
  conjunction.length === 1 && conjunction[0]!.kind === 'speaks' && conjunction[0]!.values[0] === 'tls'

const isNotTls = ([only, ...others]: Conjunction): boolean =>
  others.length === 0 && only?.kind === 'speaks' && only.values[0] === 'tls' && only.isNegated

function addUseBackends(
  { routes }: ProxyDraft,
  told: Told,
  clusterOf: (backend: string) => string | undefined,
  remarks: Remarks,
): void {
  for (const { line, condition, backend, map } of routes) {
    if (told.final !== undefined) return
    const cluster = backend === undefined ? undefined : clusterOf(backend)
    if (typeof condition === 'string') remarks.leftOut(line, condition)
    else if (backend !== undefined && cluster === undefined)
      remarks.leftOut(line, `there is no backend "${backend}" with a server that millrace can dial`)
    else if (condition.some((conjunction) => conjunction.length === 0) && cluster !== undefined)
      told.final = cluster
    else {
      const leads = map === undefined ? { cluster } : { map: { file: map, by: 'sni' } }
      for (const conjunction of condition) addRoute(line, conjunction, leads, told, remarks)
    }
  }
}

function addRoute(
  line: Line,
  conjunction: Conjunction,
  leads: Fields,
  { routes }: Told,
  remarks: Remarks,
): void {
  const fields: Fields = {}
  for (const { kind, isNegated, values, files } of conjunction) {
    if (isNegated) {
      remarks.leftOut(line, 'a route cannot ask for the opposite of a condition')
      return
    }
    if (files.length > 0) {
      remarks.leftOut(line, 'a route reads no file of addresses: limits.allow and limits.deny do')
      return
    }
    if (kind === 'connections' || kind === 'rate') {
      remarks.leftOut(line, 'a route cannot count: limits.perSource can')
      return
    }
    if (fields[kind] !== undefined) {
      remarks.leftOut(line, `a route asks for "${kind}" only once`)
      return
    }
    fields[kind] = oneOrMore(values)
  }
  const { sni, ...rest } = fields
  const names = sni === undefined ? undefined : [sni].flat().map(String)
  routes.push({ sni: names, fields: { ...rest, ...leads } })
}

const isByHello = ({ sni, fields: { alpn, map } }: DraftRoute): boolean => (sni ?? alpn ?? map) !== undefined

/**
 * Where a route needs a ClientHello, one that does not say what clients speak is for TLS alone. So it is there once more for the
 * protocols of later routes.
 */
function forAllProtocols(routes: readonly DraftRoute[]): DraftRoute[] {
  if (!routes.some(isByHello)) return [...routes]
  return routes.flatMap((route, index) => {
    const later = routes
      .slice(index + 1)
      .flatMap(({ fields }) => (fields.speaks === undefined ? [] : [fields.speaks].flat()))
    const isForTlsAlone =
      !isByHello(route) && route.fields.speaks === undefined && route.fields.reject === undefined
    if (!isForTlsAlone || later.length === 0) return [route]
    return [{ ...route, fields: { speaks: oneOrMore([...new Set(later)]), ...route.fields } }, route]
  })
}

/** Each route before one with more specific names is there with those names, too. */
export function inOurOrder(routes: readonly DraftRoute[]): DraftRoute[] {
  return routes.flatMap((route, index) => {
    const later = routes.slice(index + 1).flatMap(({ sni }) => sni ?? [])
    const names = [...new Set(later)].filter((name) => isCoveredBy(name, route.sni))
    return names.length === 0 ? [route] : [{ ...route, sni: names }, route]
  })
}

/** Whether the pattern is more specific than one of these and part of it. */
function isCoveredBy(name: string, patterns: readonly string[] | undefined): boolean {
  if (patterns === undefined) return true
  return patterns.some((pattern) => {
    if (!pattern.startsWith('*') || pattern === name) return false
    const end = pattern.replace(/^\*+/, '')
    const isDeep = pattern.startsWith('**')
    const labels = name.slice(0, -end.length).split('.').length
    return name.endsWith(end) && (isDeep || (labels === 1 && !name.startsWith('*')))
  })
}

const oneOrMore = <Value>(values: readonly Value[]): Value | readonly Value[] =>
  values.length === 1 ? values[0]! : values
