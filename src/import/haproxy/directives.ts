/** The directives of `frontend`, `backend` and `listen`, as one table. */
import type { Call, DirectiveTable } from '../directive.js'
import { put } from '../draft.js'
import { parseTime } from '../durations.js'
import { readBalance, readHashType } from './balance.js'
import { readBind } from './bind.js'
import { CHECK_DIRECTIVES } from './checks.js'
import { readCondition, readFact } from './conditions.js'
import type { ProxyDraft } from './proxy-draft.js'
import { readServer, readSource, readTemplate } from './server.js'

type ProxyCall = Call<ProxyDraft>

const LOGS = 'millrace writes JSON lines to stdout or a file: see "log"'
const BY_NO_BYTE = 'millrace does not look at the bytes of backends'
const NO_TABLES = 'millrace has no table of clients and servers: balance by "hash"'
const HTTP_ONLY = 'it works on HTTP only'
const WAITS = 'millrace resets or closes a refused client: see refuseAs'

const timeout = ({ line, args: [text = ''], into, remarks }: ProxyCall): void => {
  const ms = parseTime(text, 'ms')
  if (ms === undefined) remarks.leftOut(line, `"${text}" is no time`)
  else into.timeouts.set(line.words[1]!, ms)
}

const rule =
  (of: 'connectionRules' | 'contentRules') =>
  ({ line, args, into }: ProxyCall): void => {
    const action = line.words[2] === 'accept' ? 'accept' : 'reject'
    into[of].push({ line, action, condition: readCondition(args, into.acls) })
  }

export const PROXY_DIRECTIVES: DirectiveTable<ProxyDraft> = {
  ...CHECK_DIRECTIVES,
  mode: {
    becomes: 'protocol',
    read: ({ args: [mode = 'tcp'], into }) => {
      into.mode = mode
    },
  },
  bind: { becomes: 'listeners', read: readBind },
  acl: {
    becomes: 'source',
    read: ({ args: [name = '', ...words], into }) => {
      into.acls.set(name, [...(into.acls.get(name) ?? []), readFact(words)])
    },
  },
  use_backend: { becomes: 'sni', read: readUseBackend },
  default_backend: {
    becomes: 'cluster',
    read: ({ args: [name = ''], into }) => {
      into.defaultBackend = name
    },
  },
  server: { becomes: 'backends', read: readServer },
  'server-template': { becomes: 'expand', read: readTemplate },
  'default-server': {
    becomes: 'keys of the cluster',
    read: ({ args, into }) => {
      into.defaultServer = [...into.defaultServer, ...args]
    },
  },
  dispatch: {
    becomes: 'cluster',
    read: (call) => readServer({ ...call, args: ['dispatch', ...call.args] }),
  },
  balance: { becomes: 'balance', read: readBalance },
  'hash-type': { becomes: 'table', read: readHashType },
  'hash-balance-factor': {
    becomes: 'boundedLoad',
    read: ({ args: [percent = ''], into }) => {
      if (Number(percent) > 100) put(into.cluster, 'hash.boundedLoad', Number(percent) / 100)
    },
  },
  maxconn: {
    becomes: 'maxConnections',
    read: ({ args: [most = ''], into }) => put(into.listener, 'limits.maxConnections', Number(most)),
  },
  'rate-limit sessions': {
    becomes: 'newPerSecond',
    read: ({ args: [rate = ''], into }) => put(into.listener, 'limits.newPerSecond', Number(rate)),
  },
  'timeout connect': { becomes: 'connectMs', read: timeout },
  'timeout client': { becomes: 'idleMs', read: timeout },
  'timeout server': { becomes: 'idleMs', read: timeout },
  'timeout tunnel': { becomes: 'idleMs', read: timeout },
  'timeout client-fin': { becomes: 'halfClosedMs', read: timeout },
  'timeout server-fin': { becomes: 'halfClosedMs', read: timeout },
  'timeout queue': { becomes: 'queueMs', read: timeout },
  'timeout check': { becomes: 'timeoutMs', read: timeout },
  'timeout http-*': { why: HTTP_ONLY },
  'timeout tarpit': { why: WAITS },
  'tcp-request inspect-delay': {
    becomes: 'firstBytesMs',
    read: ({ args: [text = ''], into }) => {
      const ms = parseTime(text, 'ms')
      if (ms !== undefined) into.timeouts.set('inspect-delay', ms)
    },
  },
  'tcp-request connection accept': { becomes: 'limits.allow', read: rule('connectionRules') },
  'tcp-request connection reject': { becomes: 'limits.deny', read: rule('connectionRules') },
  'tcp-request session accept': { becomes: 'limits.allow', read: rule('connectionRules') },
  'tcp-request session reject': { becomes: 'reject', read: rule('connectionRules') },
  'tcp-request content accept': { becomes: 'routes', read: rule('contentRules') },
  'tcp-request content reject': { becomes: 'reject', read: rule('contentRules') },
  'tcp-request connection expect-proxy': {
    becomes: 'acceptProxy',
    read: ({ args, line, into, remarks }) => {
      const condition = readCondition(args.slice(1), into.acls)
      const [only] = typeof condition === 'string' || condition.length !== 1 ? [] : condition[0]!
      if (only?.kind !== 'source' || only.isNegated || only.files.length > 0) {
        remarks.leftOut(line, 'millrace needs the addresses of the senders: write acceptProxy.from')
        return
      }
      put(into.listener, 'acceptProxy', { from: only.values, required: false })
    },
  },
  'tcp-request connection silent-drop': { why: WAITS },
  'tcp-request session silent-drop': { why: WAITS },
  'tcp-request content silent-drop': { why: WAITS },
  'tcp-request connection track-sc0': { becomes: 'perSource' },
  'tcp-request connection track-sc1': { becomes: 'perSource' },
  'tcp-request connection track-sc2': { becomes: 'perSource' },
  'tcp-request session track-sc0': { becomes: 'perSource' },
  'tcp-request content track-sc0': { becomes: 'perSource' },
  'tcp-request content do-resolve*': { why: 'clusters.NAME.dial dials the server that a client asks for' },
  'tcp-request *': { why: 'millrace has no such rule: a route function of the library can decide' },
  'tcp-response *': { why: BY_NO_BYTE },
  'stick-table': {
    becomes: 'perSource',
    read: ({ args, into }) => {
      const seconds = /conn_rate\((\w+)\)/.exec(args.join(' '))?.[1]
      into.rateSeconds = Math.max(1, (parseTime(seconds ?? '', 'ms') ?? 1000) / 1000)
    },
  },
  'stick *': { why: NO_TABLES },
  'persist *': { why: NO_TABLES },
  'force-persist': { why: NO_TABLES },
  'ignore-persist': { why: NO_TABLES },
  cookie: { why: 'millrace inserts no cookies: balance by "hash"' },
  'use-server': { why: 'write a route to a cluster of one backend' },
  'option allbackups': {
    becomes: 'always on',
    read: ({ into }) => {
      into.hasAllBackups = true
    },
  },
  'option redispatch': { becomes: 'always on' },
  retries: { becomes: 'always on' },
  'retry-on': { why: HTTP_ONLY },
  'option abortonclose': { becomes: 'always on' },
  'option splice-auto': { becomes: 'splice' },
  'option splice-request': { becomes: 'splice' },
  'option splice-response': { becomes: 'splice' },
  'option clitcpka': { becomes: 'keepalive' },
  'option srvtcpka': { becomes: 'keepalive' },
  'option tcpka': { becomes: 'keepalive' },
  'clitcpka-*': { why: 'write "keepalive" of the listener' },
  'srvtcpka-*': { why: 'write "keepalive" of the cluster' },
  'option tcplog': { becomes: 'log' },
  'option httplog': { becomes: 'log' },
  'option dontlognull': { why: 'write log: { access: { minBytes: 1 } }' },
  'option dontlog-normal': { why: 'write log: { access: { sample: 0, always: [errors] } }' },
  'option logasap': { why: 'log.access.atOpen adds a record at the connect' },
  'option log-health-checks': { why: 'write log: { level: debug }' },
  'option log-separate-errors': { why: LOGS },
  'option socket-stats': { becomes: 'status' },
  'option contstats': { becomes: 'status' },
  'option tcp-smart-*': { why: 'the kernel decides when to send an ACK' },
  'option independent-streams': { why: 'a byte in either direction counts for both' },
  'option nolinger': { why: 'millrace closes in order, and resets where bytes were lost' },
  'option transparent': { why: 'millrace cannot dial the address that the client had dialled' },
  'option http*': { why: HTTP_ONLY },
  'option forwardfor': { why: HTTP_ONLY },
  'option originalto': { why: HTTP_ONLY },
  'option prefer-last-server': { why: HTTP_ONLY },
  'option idle-close-on-response': { why: HTTP_ONLY },
  'option accept-*': { why: HTTP_ONLY },
  'option *': { why: 'millrace has no such option' },
  'no option*': { why: 'millrace has no such option, or always does it' },
  log: { why: LOGS },
  'log-*': { why: LOGS },
  'no log': { becomes: 'log' },
  'unique-id-*': { why: 'each record has an id, and a PROXY header of version 2 tells it' },
  fullconn: { why: 'slowStartMs and an agent change maxConnections' },
  backlog: {
    becomes: 'backlog',
    read: ({ args: [most = ''], into }) => put(into.listener, 'socket.backlog', Number(most)),
  },
  source: { becomes: 'source', read: readSource },
  description: { becomes: 'name' },
  id: { becomes: 'name' },
  disabled: { why: 'remove this section, or write it without its listeners' },
  enabled: { becomes: 'listeners' },
  'bind-process': { becomes: 'workers' },
  guid: { becomes: 'name' },
  grace: { why: 'write timeouts.graceMs' },
  filter: { why: 'limits.perConnection.bytesPerSecond and limits.perSource.bytesPerSecond limit bytes' },
  'email-alert': { why: 'alert on the log, or on the metric millrace_backend_up' },
  'load-server-state-from-file': { why: 'a reload keeps the state, because the process stays' },
  'stats *': { why: 'the status page is at the admin address' },
  'errorfile*': { why: 'the cause decides what a client is told: see refuseAs' },
  errorfiles: { why: 'the cause decides what a client is told: see refuseAs' },
  'http-*': { why: HTTP_ONLY },
  compression: { why: HTTP_ONLY },
  redirect: { why: HTTP_ONLY },
  'monitor-*': { why: '/livez and /readyz are at the admin address' },
  'max-keep-alive-queue': { why: HTTP_ONLY },
  'server-state-file-name': { why: 'a reload keeps the state, because the process stays' },
}

/** `use_backend %[req.ssl_sni,lower,map(FILE,DEFAULT)]` is a route with a map. */
function readUseBackend({ line, args: [name = '', ...words], into, remarks }: ProxyCall): void {
  const condition = readCondition(words, into.acls)
  if (!name.startsWith('%[')) {
    into.routes.push({ line, condition, backend: name, map: undefined })
    return
  }
  const map = /^%\[req[._]ssl_sni(?:,lower)?,map(?:_str)?\(([^,)]+)(?:,([\w.:-]+))?\)\]$/.exec(name)
  if (map === null) {
    remarks.leftOut(line, 'a route function of the library can choose a cluster by an expression')
    return
  }
  into.routes.push({ line, condition, backend: undefined, map: map[1]! })
  if (map[2] !== undefined) into.routes.push({ line, condition, backend: map[2], map: undefined })
}
