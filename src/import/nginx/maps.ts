/** A `map` of nginx from what a client sends first → routes of a listener. Pure. */
import type { Fields } from '../draft.js'
import type { Remarks } from '../remarks.js'
import type { MapDraft } from './stream-draft.js'

/** What a map is of, and how its keys become conditions. */
const SERVER_NAMES: ReadonlySet<string> = new Set(['$ssl_preread_server_name', '$ssl_server_name'])
const PROTOCOL = '$ssl_preread_protocol'
const ALPN: ReadonlySet<string> = new Set(['$ssl_preread_alpn_protocols', '$ssl_alpn_protocol'])

/** Writes `routes`, `cluster`, `onNoSni` and `onBadHello`. `clusterOf`: the cluster that a value means. */
export function addMap(
  map: MapDraft,
  listener: Fields,
  clusterOf: (value: string) => string | undefined,
  remarks: Remarks,
): void {
  const isNames = SERVER_NAMES.has(map.of)
  if (!isNames && map.of !== PROTOCOL && !ALPN.has(map.of)) {
    remarks.leftOut(map.line, `a route cannot ask for ${map.of}: a route function of the library can`)
    return
  }
  const leadsTo = (entry: MapDraft['entries'][number] | undefined): string | undefined => {
    const cluster = entry && clusterOf(entry.value)
    if (entry !== undefined && cluster === undefined)
      remarks.leftOut(entry.line, `"${entry.value}" is no upstream and no address`)
    return cluster
  }
  const find = (key: string): string | undefined => leadsTo(map.entries.find((entry) => entry.key === key))
  const named = map.entries.filter(({ key }) => key !== 'default' && key !== '')
  if (map.of === PROTOCOL) {
    const hasDefault = map.entries.some(({ key }) => key === 'default')
    for (const { line } of hasDefault ? named : named.slice(1))
      remarks.leftOut(line, 'a route cannot ask for the version of TLS')
    addProtocols(hasDefault ? find('default') : leadsTo(named[0]), find(''), listener)
    return
  }
  const routes = named.flatMap((entry): Fields[] => {
    const condition = isNames ? patternsOf(entry.key, map.hasHostNames) : alpnOf(entry.key)
    if (condition === undefined) {
      remarks.leftOut(
        entry.line,
        'millrace has no regular expressions: write a name pattern such as *.example.com',
      )
      return []
    }
    const cluster = leadsTo(entry)
    return cluster === undefined ? [] : [{ [isNames ? 'sni' : 'alpn']: condition, cluster }]
  })
  const [rest, empty] = [find('default'), find('')]
  if (routes.length > 0) listener.routes = routes
  if (rest !== undefined) listener.cluster = rest
  if (routes.length === 0) return
  const nameless = empty ?? rest
  if (isNames && empty !== undefined && empty !== rest) listener.onNoSni = empty
  if (nameless !== undefined && listener.tls === undefined) listener.onBadHello = nameless
}

/** `default` are all clients that speak TLS, and the empty text is all others. */
function addProtocols(tls: string | undefined, others: string | undefined, listener: Fields): void {
  if (tls !== undefined) listener.routes = [{ speaks: 'tls', cluster: tls }]
  if (others !== undefined) listener.cluster = others
}

/** A star of nginx stands for any number of labels. `.example.com` is the name itself, too. Undefined: it is a regular expression. */
function patternsOf(key: string, hasHostNames: boolean): string | string[] | undefined {
  if (key.startsWith('~')) return undefined
  if (!hasHostNames) return key
  if (key.startsWith('.')) return [key.slice(1), `**${key}`]
  return key.startsWith('*.') ? `*${key}` : key
}

/** The variable is a list of names, so people look for one of them between word boundaries. */
function alpnOf(key: string): string | undefined {
  if (!key.startsWith('~')) return key
  return /^~\*?\\b([\w./-]+)\\b$/.exec(key.replaceAll('\\.', '.'))?.[1]
}
