/** `bind` lines, by a table of their parameters. Each address is a listener. */
import type { Call } from '../directive.js'
import { type Fields, put } from '../draft.js'
import { formatTime, parseTime } from '../durations.js'
import { bindAddresses, withVariables } from './addresses.js'
import type { ProxyDraft } from './proxy-draft.js'
import { type ParameterTable, readParameters } from './server.js'

interface BindDraft {
  readonly fields: Fields
  isTls: boolean
}

const OF_NODE = 'TLS versions and ciphers are those of Node'

const put1 =
  (path: string) =>
  ({ args: [value = ''], into }: Call<BindDraft>): void =>
    put(into.fields, path, withVariables(value))

export const BIND_PARAMETERS: ParameterTable<BindDraft> = {
  name: { takes: 1, becomes: 'name' },
  'accept-proxy': {
    becomes: 'acceptProxy',
    read: ({ into, line, remarks }) => {
      put(into.fields, 'acceptProxy.from', ['0.0.0.0/0', '::/0'])
      remarks.differs(
        line,
        'every peer may send a PROXY header, as in HAProxy. Write only your load balancers into acceptProxy.from',
      )
    },
  },
  ssl: {
    becomes: 'tls',
    read: ({ into }) => {
      into.isTls = true
    },
  },
  crt: {
    takes: 1,
    becomes: 'tls',
    read: ({ args: [file = ''], into }) => {
      const path = withVariables(file)
      if (into.fields.tls === undefined) put(into.fields, 'tls', { cert: path, key: path })
      else {
        const tls = into.fields.tls as Fields
        tls.certificates = [...((tls.certificates as unknown[] | undefined) ?? []), { cert: path, key: path }]
      }
    },
  },
  alpn: {
    takes: 1,
    becomes: 'alpn',
    read: ({ args: [names = ''], into }) => put(into.fields, 'tls.alpn', names.split(',')),
  },
  'ssl-min-ver': {
    takes: 1,
    becomes: 'tls',
    read: ({ args: [version = ''], into, line, remarks }) => {
      if (version === 'TLSv1.2' || version === 'TLSv1.3') put(into.fields, 'tls.minVersion', version)
      else remarks.differs(line, 'the oldest TLS version of millrace is TLSv1.2')
    },
  },
  'ca-file': { takes: 1, becomes: 'tls', read: put1('tls.clientCa') },
  verify: {
    takes: 1,
    becomes: 'tls',
    read: ({ args: [how], into }) => {
      if (how === 'optional') put(into.fields, 'tls.clientCert', 'request')
    },
  },
  mode: {
    takes: 1,
    becomes: 'mode',
    read: ({ args: [mode = ''], into }) => put(into.fields, 'mode', mode.padStart(4, '0')),
  },
  group: { takes: 1, becomes: 'group', read: put1('group') },
  gid: { takes: 1, becomes: 'group', read: put1('group') },
  user: { takes: 1, why: 'millrace sets the group of a socket file, and not its owner' },
  uid: { takes: 1, why: 'millrace sets the group of a socket file, and not its owner' },
  maxconn: {
    takes: 1,
    becomes: 'maxConnections',
    read: ({ args: [most = ''], into }) => put(into.fields, 'limits.maxConnections', Number(most)),
  },
  'tcp-ut': {
    takes: 1,
    becomes: 'deadPeerMs',
    read: ({ args: [text = ''], into }) =>
      put(into.fields, 'timeouts.deadPeerMs', formatTime(parseTime(text, 'ms') ?? 0)),
  },
  v4v6: { becomes: 'address' },
  v6only: { becomes: 'address' },
  'strict-sni': {
    why: 'a client with an unknown name gets the first certificate. Routes by "sni" can reject it',
  },
  'crt-list': { takes: 1, why: 'write its certificates into tls.certificates' },
  'crl-file': { takes: 1, why: 'millrace reads no lists of revoked certificates' },
  'ca-verify-file': { takes: 1, why: 'write the CA into tls.clientCa' },
  'ca-ignore-err': { takes: 1, why: 'millrace never accepts a bad client certificate' },
  'crt-ignore-err': { takes: 1, why: 'millrace never accepts a bad client certificate' },
  ciphers: { takes: 1, why: OF_NODE },
  ciphersuites: { takes: 1, why: OF_NODE },
  curves: { takes: 1, why: OF_NODE },
  ecdhe: { takes: 1, why: OF_NODE },
  'ssl-max-ver': { takes: 1, why: OF_NODE },
  'no-sslv3': { becomes: 'tls' },
  'no-tls-tickets': { why: 'millrace uses TLS tickets, whose keys all workers share' },
  'no-tlsv*': { why: OF_NODE },
  'prefer-client-ciphers': { why: OF_NODE },
  'allow-0rtt': { why: 'millrace accepts no early data' },
  generate: { why: 'millrace makes no certificates' },
  'accept-netscaler-cip': { takes: 1, why: 'millrace reads the PROXY protocol only' },
  backlog: {
    takes: 1,
    becomes: 'backlog',
    read: ({ args: [most = ''], into }) => put(into.fields, 'socket.backlog', Number(most)),
  },
  'defer-accept': { why: 'a client that sends nothing is a matter of "firstBytesMs"' },
  interface: { takes: 1, becomes: 'interface', read: put1('socket.interface') },
  namespace: { takes: 1, why: 'run a millrace in this namespace' },
  transparent: {
    becomes: 'transparent',
    read: ({ into }) => put(into.fields, 'socket.transparent', true),
  },
  tfo: { why: 'millrace has no TCP fast open' },
  mss: { takes: 1, why: 'millrace leaves the MSS to the kernel' },
  cc: { takes: 1, becomes: 'congestion', read: put1('socket.congestion') },
  id: { takes: 1, becomes: 'name' },
  level: { takes: 1, why: 'it is about the stats socket' },
  severity: { takes: 1, why: 'it is about the stats socket' },
  nice: { takes: 1, why: 'all clients have their turn' },
  process: { takes: 1, becomes: 'workers' },
  thread: { takes: 1, becomes: 'workers' },
  shards: { takes: 1, becomes: 'workers' },
  proto: { takes: 1, why: 'millrace forwards bytes, or HTTP/1.1' },
  'expose-fd': { takes: 1, becomes: 'millrace upgrade' },
}

/** `bind ADDRESS[,ADDRESS] …` */
export function readBind({
  line,
  args: [address = '', ...parameters],
  into,
  remarks,
}: Call<ProxyDraft>): void {
  const addresses = bindAddresses(address)
  if (typeof addresses === 'string') {
    remarks.leftOut(line, addresses)
    return
  }
  const draft: BindDraft = { fields: {}, isTls: false }
  readParameters(BIND_PARAMETERS, parameters, line, draft, remarks)
  if (!draft.isTls) delete draft.fields.tls
  into.binds.push({ line, addresses, fields: draft.fields })
}
