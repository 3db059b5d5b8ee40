/** The directives of `upstream` of nginx, as a table. */
import type { Call, DirectiveTable } from '../directive.js'
import { type Fields, put } from '../draft.js'
import { formatTime, parseTime } from '../durations.js'
import { serverAddress } from '../haproxy/addresses.js'
import type { UpstreamDraft } from './stream-draft.js'

type UpstreamCall = Call<UpstreamDraft>

const BALANCE_KEYS: ReadonlyMap<string, string> = new Map([
  ['$remote_addr', 'source'],
  ['$binary_remote_addr', 'source'],
  ['$ssl_preread_server_name', 'sni'],
  ['$ssl_server_name', 'sni'],
])

export const UPSTREAM_DIRECTIVES: DirectiveTable<UpstreamDraft> = {
  server: { becomes: 'backends', read: readServer },
  least_conn: {
    becomes: 'least-connections',
    read: ({ into }) => put(into.cluster, 'balance', 'least-connections'),
  },
  random: {
    becomes: 'random',
    read: ({ args: [two], into }) => put(into.cluster, 'balance', two === 'two' ? 'p2c' : 'random'),
  },
  hash: {
    becomes: 'hash',
    read: ({ args: [key = ''], into, line, remarks }) => {
      const ours = BALANCE_KEYS.get(key)
      if (ours === undefined) {
        remarks.leftOut(line, 'millrace cannot hash this in a stream: the backends get clients in turn')
        return
      }
      put(into.cluster, 'balance', 'hash')
      put(into.cluster, 'hash.key', ours)
    },
  },
  least_time: { why: 'balance: p2c prefers the backend with fewer connections' },
  zone: { why: 'workers share what they know of backends' },
  state: { why: 'millrace remembers no backends in a file' },
  resolver: { why: 'names.servers holds for all clusters' },
  resolver_timeout: { why: 'names.timeoutMs holds for all clusters' },
}

/** Parameters of `server` in an upstream, and the keys that they become. */
export const UPSTREAM_PARAMETERS: Readonly<Record<string, string>> = {
  weight: 'weight',
  max_conns: 'maxConnections',
  backup: 'backup',
  down: 'weight',
  slow_start: 'slowStartMs',
  max_fails: 'health.eject',
  fail_timeout: 'health.eject',
  resolve: 'expand',
  service: 'srv',
}

/** `server ADDRESS:PORT weight=2 …` */
function readServer({ args: [address = '', ...parameters], into, line, remarks }: UpstreamCall): void {
  const said = new Map<string, string | undefined>(
    parameters.map((each) => {
      const [name = '', value] = each.split(/=(.*)/s)
      return [name, value]
    }),
  )
  const unknown = [...said.keys()].find((name) => !Object.hasOwn(UPSTREAM_PARAMETERS, name))
  if (unknown !== undefined) remarks.leftOut(line, `millrace knows no parameter "${unknown}"`)
  const service = said.get('service')
  const found =
    service === undefined ? serverAddress(address.replace(/^unix:/, 'unix@')) : `_${service}._tcp.${address}`
  if (typeof found !== 'string') {
    remarks.leftOut(line, found.why)
    return
  }
  const backend: Fields = service === undefined ? { address: found } : { srv: found }
  const number = (name: string): number | undefined =>
    said.has(name) ? Number(said.get(name)) || 0 : undefined
  if (said.has('resolve') && service === undefined) backend.expand = 'all'
  if (said.has('weight')) backend.weight = number('weight')
  if (number('max_conns')) backend.maxConnections = number('max_conns')
  if (said.has('backup')) backend.backup = true
  if (said.has('down')) backend.weight = 0
  into.servers.push({ line, backend, cluster: clusterFieldsOf(said), isChecked: false })
}

function clusterFieldsOf(said: ReadonlyMap<string, string | undefined>): Fields {
  const fields: Fields = {}
  const [slow, rest] = ['slow_start', 'fail_timeout'].map((name) => parseTime(said.get(name) ?? '', 's'))
  if (slow) put(fields, 'slowStartMs', formatTime(slow))
  const failures = said.get('max_fails')
  if (failures === '0') put(fields, 'health.eject', false)
  else if (failures !== undefined) put(fields, 'health.eject.failures', Number(failures))
  if (rest && failures !== '0') put(fields, 'health.eject.forMs', formatTime(rest))
  return fields
}
