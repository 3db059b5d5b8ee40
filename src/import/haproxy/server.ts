/** `server`, `server-template` and `default-server` lines, by a table of their parameters. */
import { type Call, type Directive, findDirective } from '../directive.js'
import { type Fields, put, valueAt } from '../draft.js'
import { formatTime, parseTime } from '../durations.js'
import type { Line } from '../place.js'
import type { Remarks } from '../remarks.js'
import { putSource } from '../source-address.js'
import { serverAddress, withVariables } from './addresses.js'
import type { ProxyDraft, ServerSays } from './proxy-draft.js'

interface ServerDraft {
  readonly backend: Fields
  readonly cluster: Fields
  isChecked: boolean
  backup: boolean
}

/** Directives with the number of words that follow each. */
export type Parameter<Into> = Directive<Into> & { readonly takes?: number }
export type ParameterTable<Into> = Readonly<Record<string, Parameter<Into>>>
type ServerCall = Call<ServerDraft>

const NO_PORTS = 'a check goes to the address of its backend'

const time =
  (path: string, of: 'backend' | 'cluster' = 'cluster') =>
  ({ args: [text = ''], into, line, remarks }: ServerCall): void => {
    const ms = parseTime(text, 'ms')
    if (ms === undefined) remarks.leftOut(line, `"${text}" is no time`)
    else put(into[of], path, formatTime(ms))
  }
const number =
  (path: string, of: 'backend' | 'cluster' = 'cluster') =>
  ({ args: [text = ''], into, line, remarks }: ServerCall): void => {
    if (/^\d{1,9}$/.test(text)) put(into[of], path, Number(text))
    else remarks.leftOut(line, `"${text}" is no number`)
  }
const text =
  (path: string) =>
  ({ args: [value = ''], into }: ServerCall): void =>
    put(into.cluster, path, withVariables(value))
const set =
  (path: string, value: unknown) =>
  ({ into }: ServerCall): void =>
    put(into.cluster, path, value)

export const SERVER_PARAMETERS: ParameterTable<ServerDraft> = {
  weight: { takes: 1, becomes: 'weight', read: number('weight', 'backend') },
  maxconn: { takes: 1, becomes: 'maxConnections', read: number('maxConnections', 'backend') },
  backup: {
    becomes: 'backup',
    read: ({ into }) => {
      into.backup = true
    },
  },
  disabled: { becomes: 'weight', read: ({ into }) => put(into.backend, 'weight', 0) },
  enabled: { becomes: 'weight' },
  check: {
    becomes: 'check',
    read: ({ into }) => {
      into.isChecked = true
    },
  },
  'no-check': {
    becomes: 'check',
    read: ({ into }) => {
      into.isChecked = false
    },
  },
  inter: { takes: 1, becomes: 'everyMs', read: time('health.check.everyMs') },
  fastinter: { takes: 1, becomes: 'fastMs', read: time('health.check.fastMs') },
  downinter: { takes: 1, becomes: 'downMs', read: time('health.check.downMs') },
  rise: { takes: 1, becomes: 'rise', read: number('health.check.rise') },
  fall: { takes: 1, becomes: 'fall', read: number('health.check.fall') },
  port: { takes: 1, becomes: 'port', read: number('health.check.port') },
  addr: { takes: 1, why: NO_PORTS },
  'check-ssl': { becomes: 'tls', read: set('health.check.tls', true) },
  'check-sni': { takes: 1, becomes: 'serverName', read: text('health.check.tls.serverName') },
  'check-send-proxy': { becomes: 'sendProxy', read: set('health.check.sendProxy', 'v2') },
  'check-via-socks4': { why: 'millrace makes no checks beside "via"' },
  'check-proto': { takes: 1, why: 'a check of millrace speaks what "check" says' },
  'check-alpn': { takes: 1, why: 'write health.check.tls.alpn' },
  'send-proxy': { becomes: 'sendProxy', read: set('sendProxy', 'v1') },
  'send-proxy-v2': { becomes: 'sendProxy', read: set('sendProxy', 'v2') },
  'send-proxy-v2-ssl': { becomes: 'sendProxy', read: set('sendProxy', 'v2') },
  'send-proxy-v2-ssl-cn': { becomes: 'sendProxy', read: set('sendProxy', 'v2') },
  'proxy-v2-options': {
    takes: 1,
    why: 'a v2 header has all TLVs that millrace knows: write sendProxy.tlvs for fewer',
  },
  ssl: { becomes: 'tls', read: set('tls.verify', true) },
  verify: {
    takes: 1,
    becomes: 'tls',
    read: ({ args: [how], into }) => put(into.cluster, 'tls.verify', how !== 'none'),
  },
  'ca-file': {
    takes: 1,
    becomes: 'tls',
    read: ({ args: [file = ''], into }) => {
      if (file !== '@system-ca') put(into.cluster, 'tls.ca', withVariables(file))
    },
  },
  sni: {
    takes: 1,
    becomes: 'tls',
    read: ({ args: [expression = ''], into, line, remarks }) => {
      const name = /^str\(([\w.-]+)\)$/.exec(expression)?.[1]
      if (name !== undefined) put(into.cluster, 'tls.serverName', name)
      else if (/^(req[._]ssl_sni|ssl_fc_sni)$/.test(expression)) put(into.cluster, 'tls.serverName', 'client')
      else remarks.leftOut(line, 'sni: write the name as tls.serverName of the cluster')
    },
  },
  verifyhost: { takes: 1, becomes: 'serverName', read: text('tls.serverName') },
  alpn: {
    takes: 1,
    becomes: 'alpn',
    read: ({ args: [names = ''], into }) => put(into.cluster, 'tls.alpn', names.split(',')),
  },
  crt: {
    takes: 1,
    becomes: 'cert',
    read: ({ args: [file = ''], into }) => {
      put(into.cluster, 'tls.cert', withVariables(file))
      put(into.cluster, 'tls.key', withVariables(file))
    },
  },
  slowstart: { takes: 1, becomes: 'slowStartMs', read: time('slowStartMs') },
  maxqueue: { takes: 1, becomes: 'queueLength', read: number('limits.queueLength') },
  minconn: { takes: 1, why: 'slowStartMs and an agent change maxConnections' },
  'tcp-ut': { takes: 1, becomes: 'deadPeerMs', read: time('timeouts.deadPeerMs') },
  'on-marked-down': { takes: 1, becomes: 'onDown', read: set('health.onDown', 'reset') },
  'on-marked-up': { takes: 1, becomes: 'onRecovered', read: set('health.onRecovered', 'return') },
  'agent-check': { becomes: 'agent' },
  'agent-port': { takes: 1, becomes: 'agent', read: number('health.agent.port') },
  'agent-inter': { takes: 1, becomes: 'agent', read: time('health.agent.everyMs') },
  'agent-send': {
    takes: 1,
    becomes: 'agent',
    read: ({ args: [bytes = ''], into }) => put(into.cluster, 'health.agent.send', bytes),
  },
  'agent-addr': { takes: 1, why: 'the agent listens at the address of its backend' },
  'init-state': {
    takes: 1,
    becomes: 'init',
    read: ({ args: [state = ''], into }) =>
      put(into.cluster, 'health.check.init', state.replace('fully-', '')),
  },
  observe: { takes: 1, becomes: 'health.eject' },
  'error-limit': { takes: 1, becomes: 'health.eject', read: number('health.eject.failures') },
  'on-error': { takes: 1, becomes: 'health.eject' },
  resolvers: { takes: 1, becomes: 'names' },
  'init-addr': { takes: 1, becomes: 'names' },
  'resolve-prefer': { takes: 1, why: 'millrace tries IPv4 and IPv6, and keeps the faster one' },
  'resolve-net': { takes: 1, why: 'millrace tries all addresses of a name' },
  'resolve-opts': { takes: 1, why: 'an address that two names have is one backend' },
  socks4: { takes: 1, why: 'millrace speaks SOCKS5 or HTTP CONNECT: write "via" of the cluster' },
  source: {
    takes: 1,
    becomes: 'source',
    read: ({ args: [address = ''], into, line, remarks }) => putSource(into.cluster, address, line, remarks),
  },
  usesrc: {
    takes: 1,
    becomes: 'source: client',
    read: ({ args: [whose = ''], into, line, remarks }) => {
      if (whose === 'client' || whose === 'clientip') put(into.cluster, 'socket.source', 'client')
      else remarks.leftOut(line, 'usesrc: millrace takes the address of the client, and no other foreign one')
    },
  },
  interface: { takes: 1, becomes: 'interface', read: text('socket.interface') },
  namespace: { takes: 1, why: 'run a millrace in this namespace' },
  cookie: { takes: 1, why: 'millrace inserts no cookies: balance by "hash"' },
  track: { takes: 1, why: 'millrace checks the backends of each cluster' },
  id: { takes: 1, becomes: 'address' },
  'hash-key': { takes: 1, becomes: 'address' },
  'non-stick': { why: 'millrace has no table of clients and servers' },
  'pool-*': { takes: 1, why: 'millrace keeps no idle connections to backends' },
  'max-reuse': { takes: 1, why: 'millrace keeps no idle connections to backends' },
  tfo: { why: 'millrace has no TCP fast open' },
  redir: { takes: 1, why: 'millrace answers no HTTP redirects for a backend' },
  proto: { takes: 1, why: 'millrace forwards bytes, or HTTP/1.1' },
  ciphers: { takes: 1, why: 'ciphers are those of Node' },
  ciphersuites: { takes: 1, why: 'ciphers are those of Node' },
  curves: { takes: 1, why: 'curves are those of Node' },
  'crl-file': { takes: 1, why: 'millrace reads no lists of revoked certificates' },
  'ssl-min-ver': { takes: 1, why: 'TLS versions are those of Node' },
  'ssl-max-ver': { takes: 1, why: 'TLS versions are those of Node' },
  'no-tlsv*': { why: 'TLS versions are those of Node' },
  'no-sslv3': { becomes: 'tls' },
  'no-ssl-reuse': { why: 'millrace decides itself when it resumes a session' },
  'no-verifyhost': { why: 'millrace checks the name, unless verify is off' },
  'allow-0rtt': { why: 'millrace sends no early data' },
}

/** `source ADDRESS[:PORT] …` of a backend is what each of its servers could say. */
export function readSource({ line, args, into, remarks }: Call<ProxyDraft>): void {
  const draft: ServerDraft = { backend: {}, cluster: into.cluster, isChecked: false, backup: false }
  readParameters(SERVER_PARAMETERS, ['source', ...args], line, draft, remarks)
}

/** `server NAME ADDRESS[:PORT] …` */
export function readServer({ line, args, into, remarks }: Call<ProxyDraft>): void {
  const [, address = '', ...parameters] = args
  addServer(address, parameters, line, into, remarks)
}

/** `server-template NAME 1-10 HOST:PORT …`: a backend for each address of the name. */
export function readTemplate({ line, args, into, remarks }: Call<ProxyDraft>): void {
  const [, , address = '', ...parameters] = args
  if (address.startsWith('_')) into.servers.push(serverOf({ srv: address }, parameters, line, into, remarks))
  else addServer(address, parameters, line, into, remarks, { expand: 'all' })
}

function addServer(
  address: string,
  parameters: readonly string[],
  line: Line,
  into: ProxyDraft,
  remarks: Remarks,
  more: Fields = {},
): void {
  const found = serverAddress(address)
  if (typeof found !== 'string') remarks.leftOut(line, found.why)
  else into.servers.push(serverOf({ address: found, ...more }, parameters, line, into, remarks))
}

function serverOf(
  backend: Fields,
  own: readonly string[],
  line: Line,
  { defaultServer }: ProxyDraft,
  remarks: Remarks,
): ServerSays {
  const draft: ServerDraft = { backend, cluster: {}, isChecked: false, backup: false }
  readParameters(SERVER_PARAMETERS, [...defaultServer, ...own], line, draft, remarks)
  if (draft.backup) draft.backend.backup = true
  if (![...defaultServer, ...own].includes('ssl')) onlyForChecks(draft.cluster)
  return { line, backend, cluster: draft.cluster, isChecked: draft.isChecked }
}

/** TLS parameters of a server without `ssl` are those of its check. */
function onlyForChecks(cluster: Fields): void {
  if (cluster.tls === undefined) return
  if (valueAt(cluster, 'health.check.tls') !== undefined) put(cluster, 'health.check.tls', cluster.tls)
  delete cluster.tls
}

/** Reads words in which some names are followed by values. */
export function readParameters<Into>(
  table: ParameterTable<Into>,
  words: readonly string[],
  line: Line,
  into: Into,
  remarks: Remarks,
): void {
  for (let at = 0; at < words.length; at++) {
    const name = words[at]!
    const found = findDirective(table, [name])
    if (found === undefined) {
      remarks.leftOut(line, `millrace knows no parameter "${name}"`)
      continue
    }
    const { takes = 0, read, why } = found.directive as Parameter<Into>
    const args = words.slice(at + 1, at + 1 + takes)
    at += takes
    if (read !== undefined) read({ line, args, into, remarks })
    else if (why !== undefined) remarks.leftOut(line, `${name}: ${why}`)
  }
}
