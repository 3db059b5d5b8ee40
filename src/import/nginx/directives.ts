/** The directives of `stream` and `server` of nginx, and those at the top, as tables. */
import type { Call, DirectiveTable } from '../directive.js'
import { append, put } from '../draft.js'
import { formatTime, parseTime } from '../durations.js'
import type { GeneralDraft } from '../haproxy/general.js'
import { putSource } from '../source-address.js'
import { readListen } from './listen.js'
import type { ServerDraft } from './stream-draft.js'

type ServerCall = Call<ServerDraft>
type GeneralCall = Call<GeneralDraft>

const LOGS = 'millrace writes JSON lines to stdout or a file: see "log"'
const OF_NODE = 'TLS versions, ciphers and sessions are those of Node'
const BY_SYSTEM = 'systemd or your container does it'
const NO_SCRIPTS = 'a route function of the library can decide'
const UDP = 'millrace forwards TCP'

const time =
  (of: 'listener' | 'cluster', path: string) =>
  ({ args, into, line, remarks }: ServerCall): void => {
    const ms = parseTime(args.join(''), 's')
    if (ms === undefined) remarks.leftOut(line, `"${args.join(' ')}" is no time`)
    else put(into[of], path, formatTime(ms))
  }
const text =
  (of: 'listener' | 'cluster', path: string) =>
  ({ args: [value = ''], into }: ServerCall): void =>
    put(into[of], path, value)
const generalTime =
  (path: string) =>
  ({ args, into, line, remarks }: GeneralCall): void => {
    const ms = parseTime(args.join(''), 's')
    if (ms === undefined) remarks.leftOut(line, `"${args.join(' ')}" is no time`)
    else put(into.fields, path, formatTime(ms))
  }
const access =
  (action: 'allow' | 'deny') =>
  ({ args: [range = ''], into, line }: ServerCall): void => {
    into.access.push({ line, action, range })
  }
const rate =
  (direction: 'up' | 'down') =>
  ({ args: [size = ''], into, line, remarks }: ServerCall): void => {
    const bytes = bytesOf(size)
    if (bytes === undefined) remarks.leftOut(line, 'it is no fixed number of bytes')
    else if (bytes > 0)
      put(into.listener, `limits.perConnection.bytesPerSecond.${direction}`, Math.max(1024, bytes))
  }
const isOn = (args: readonly string[]): boolean => args[0] === 'on'

/** `100k`, `1m` or a number of bytes. */
function bytesOf(size: string): number | undefined {
  const match = /^(\d+)([kmg]?)$/i.exec(size)
  if (match === null) return undefined
  const power = ['', 'k', 'm', 'g'].indexOf(match[2]!.toLowerCase())
  return Number(match[1]) * 1024 ** power
}

export const SERVER_DIRECTIVES: DirectiveTable<ServerDraft> = {
  listen: { becomes: 'listeners', read: readListen },
  proxy_pass: {
    becomes: 'cluster',
    read: ({ args: [target = ''], into, line }) => {
      into.pass = { line, target }
    },
  },
  proxy_timeout: { becomes: 'idleMs', read: time('cluster', 'timeouts.idleMs') },
  proxy_connect_timeout: { becomes: 'connectMs', read: time('cluster', 'timeouts.connectMs') },
  preread_timeout: { becomes: 'firstBytesMs', read: time('listener', 'timeouts.firstBytesMs') },
  proxy_protocol_timeout: { becomes: 'timeoutMs', read: time('listener', 'acceptProxy.timeoutMs') },
  proxy_protocol: {
    becomes: 'sendProxy',
    read: ({ args, into }) => {
      if (isOn(args)) into.cluster.sendProxy = 'v1'
    },
  },
  proxy_half_close: {
    becomes: 'halfClose',
    read: ({ args, into }) => {
      if (isOn(args)) into.cluster.halfClose = 'propagate'
    },
  },
  proxy_ssl: {
    becomes: 'tls',
    read: ({ args, into }) => {
      into.hasTlsToBackends = isOn(args)
    },
  },
  proxy_ssl_verify: {
    becomes: 'tls',
    read: ({ args, into }) => put(into.cluster, 'tls.verify', isOn(args)),
  },
  proxy_ssl_name: { becomes: 'tls', read: text('cluster', 'tls.serverName') },
  proxy_ssl_trusted_certificate: { becomes: 'tls', read: text('cluster', 'tls.ca') },
  proxy_ssl_certificate: { becomes: 'tls', read: text('cluster', 'tls.cert') },
  proxy_ssl_certificate_key: { becomes: 'tls', read: text('cluster', 'tls.key') },
  proxy_ssl_alpn: { becomes: 'tls', read: ({ args, into }) => put(into.cluster, 'tls.alpn', args) },
  proxy_ssl_server_name: { becomes: 'tls' },
  'proxy_ssl_*': { why: OF_NODE },
  proxy_upload_rate: { becomes: 'bytesPerSecond', read: rate('up') },
  proxy_download_rate: { becomes: 'bytesPerSecond', read: rate('down') },
  allow: { becomes: 'limits.allow', read: access('allow') },
  deny: { becomes: 'limits.deny', read: access('deny') },
  limit_conn: {
    becomes: 'maxConnections',
    read: ({ args: [zone = '', most = ''], into, line, remarks }) => {
      const key = into.zones.get(zone)
      if (key === '$binary_remote_addr' || key === '$remote_addr')
        put(into.listener, 'limits.perSource.maxConnections', Number(most))
      else if (key === '$server_addr' || key === '$server_port')
        put(into.listener, 'limits.maxConnections', Number(most))
      else
        remarks.leftOut(
          line,
          `millrace counts connections of an address or of a listener, and not by ${key ?? 'this zone'}`,
        )
    },
  },
  limit_conn_dry_run: {
    becomes: 'dryRun',
    read: ({ args, into }) => {
      if (isOn(args)) put(into.listener, 'limits.dryRun', true)
    },
  },
  'limit_conn_*': { becomes: 'limits' },
  set_real_ip_from: {
    becomes: 'acceptProxy',
    read: ({ args: [range = ''], into }) => {
      into.realIpFrom.push(range.replace(/^unix:$/, 'unix'))
    },
  },
  ssl_certificate: {
    becomes: 'tls',
    read: ({ args: [cert = ''], into }) => {
      into.certificates.push({ cert, key: cert })
    },
  },
  ssl_certificate_key: {
    becomes: 'tls',
    read: ({ args: [key = ''], into }) => {
      const last = into.certificates.at(-1)
      if (last !== undefined) last.key = key
    },
  },
  ssl_client_certificate: { becomes: 'tls', read: text('listener', 'tls.clientCa') },
  ssl_verify_client: {
    becomes: 'tls',
    read: ({ args: [how], into, line, remarks }) => {
      if (how === 'optional') put(into.listener, 'tls.clientCert', 'request')
      else if (how === 'optional_no_ca')
        remarks.leftOut(line, 'millrace never accepts a bad client certificate')
    },
  },
  ssl_alpn: { becomes: 'tls', read: ({ args, into }) => put(into.listener, 'tls.alpn', args) },
  ssl_protocols: {
    becomes: 'tls',
    read: ({ args, into }) => {
      if (args.length === 1 && args[0] === 'TLSv1.3') put(into.listener, 'tls.minVersion', 'TLSv1.3')
    },
  },
  ssl_preread: { becomes: 'sni' },
  ssl_handshake_timeout: { why: 'timeouts.firstBytesMs holds for the handshake, too' },
  'ssl_*': { why: OF_NODE },
  preread_buffer_size: { why: 'millrace reads 16 KiB of a ClientHello' },
  proxy_buffer_size: { why: 'bulk goes through kernel pipes: kernelPipeBytes' },
  proxy_socket_keepalive: { becomes: 'keepalive' },
  tcp_nodelay: { becomes: 'always on' },
  'proxy_next_upstream*': { becomes: 'always on' },
  proxy_bind: {
    becomes: 'source',
    read: ({ args: [address = '', transparent], into, line, remarks }) => {
      if (address === 'off') return
      if (address.startsWith('$remote_addr') && transparent === 'transparent')
        put(into.cluster, 'socket.source', 'client')
      else if (transparent === undefined) putSource(into.cluster, address, line, remarks)
      else remarks.leftOut(line, 'millrace takes the address of the client, and no other foreign one')
    },
  },
  proxy_requests: { why: UDP },
  proxy_responses: { why: UDP },
  access_log: { why: LOGS },
  error_log: { why: LOGS },
  server_name: { why: 'write a route by "sni" for each name' },
  return: { why: 'millrace sends no text of its own: see refuseAs' },
  pass: { why: 'millrace has no inner servers' },
  'js_*': { why: NO_SCRIPTS },
  status_zone: { becomes: 'status' },
  health_check: { why: 'write health.check of the cluster' },
  health_check_timeout: { why: 'write health.check.timeoutMs of the cluster' },
  set: { why: NO_SCRIPTS },
}

/** In `stream`, for all servers. What stands in `SERVER_DIRECTIVES`, too, is inherited by them. */
export const STREAM_DIRECTIVES: DirectiveTable<GeneralDraft> = {
  resolver: {
    becomes: 'names.servers',
    read: ({ args, into, line, remarks }) => {
      for (const arg of args) {
        const valid = /^valid=(.+)$/.exec(arg)?.[1]
        const ms = valid === undefined ? undefined : parseTime(valid, 's')
        if (ms !== undefined) {
          put(into.fields, 'names.minTtlMs', formatTime(Math.max(1, ms)))
          put(into.fields, 'names.maxTtlMs', formatTime(Math.max(1, ms)))
        } else if (/^[\d.]+(:\d+)?$|^\[[\da-f:]+\](:\d+)?$/i.test(arg))
          append(into.fields, 'names.servers', arg)
        else remarks.leftOut(line, `${arg}: a DNS server is an IP address`)
      }
    },
  },
  resolver_timeout: { becomes: 'names.timeoutMs', read: generalTime('names.timeoutMs') },
  'log_format*': { why: LOGS },
  'open_log_file_cache*': { why: LOGS },
  geo: { why: NO_SCRIPTS },
  split_clients: { why: 'backends of a cluster have weights' },
  'js_*': { why: NO_SCRIPTS },
  'map_hash_*': { becomes: 'routes' },
  'variables_hash_*': { becomes: 'routes' },
}

/** At the top of the file. */
export const MAIN_DIRECTIVES: DirectiveTable<GeneralDraft> = {
  worker_processes: {
    becomes: 'workers',
    read: ({ args: [count = ''], into }) =>
      put(into.fields, 'workers', count === 'auto' ? 'auto' : Number(count) || 1),
  },
  worker_shutdown_timeout: { becomes: 'drainMs', read: generalTime('timeouts.drainMs') },
  events: { becomes: 'workers' },
  load_module: { becomes: 'millrace' },
  'worker_rlimit_*': { why: 'the limit of file descriptors is that of the system' },
  'worker_*': { why: BY_SYSTEM },
  user: { why: BY_SYSTEM },
  pid: { why: 'start millrace with --pid-file' },
  daemon: { why: BY_SYSTEM },
  error_log: { why: LOGS },
  http: {
    why: 'http is not imported. millrace forwards one request for each connection (protocol: http), or chooses a cluster by the first request (http: pass)',
  },
  mail: { why: 'millrace has no mail proxy' },
  env: { why: 'set the variable where millrace starts' },
  'ssl_*': { why: OF_NODE },
  pcre_jit: { becomes: 'millrace' },
}
