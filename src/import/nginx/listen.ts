/** `listen` of nginx, by a table of its parameters. */
import type { Call } from '../directive.js'
import { type Fields, put } from '../draft.js'
import { formatTime, parseTime } from '../durations.js'
import { bindAddresses } from '../haproxy/addresses.js'
import { type ParameterTable, readParameters } from '../haproxy/server.js'
import type { ServerDraft } from './stream-draft.js'

interface ListenDraft {
  readonly fields: Fields
  isTls: boolean
}

export const LISTEN_PARAMETERS: ParameterTable<ListenDraft> = {
  ssl: {
    becomes: 'tls',
    read: ({ into }) => {
      into.isTls = true
    },
  },
  proxy_protocol: {
    becomes: 'acceptProxy',
    read: ({ into }) => put(into.fields, 'acceptProxy', {}),
  },
  udp: { why: 'millrace forwards TCP' },
  so_keepalive: {
    becomes: 'keepalive',
    read: ({ args: [text = ''], into }) => {
      const [idle = '', every = '', count = ''] = text.split(':')
      if (text === 'off') put(into.fields, 'keepalive', false)
      if (!text.includes(':')) return
      const [idleMs, everyMs] = [idle, every].map((each) => parseTime(each, 's'))
      if (idleMs) put(into.fields, 'keepalive.idleMs', formatTime(idleMs))
      if (everyMs) put(into.fields, 'keepalive.everyMs', formatTime(everyMs))
      if (Number(count) > 0) put(into.fields, 'keepalive.count', Number(count))
    },
  },
  reuseport: { becomes: 'workers' },
  bind: { becomes: 'address' },
  default_server: { becomes: 'address' },
  ipv6only: { becomes: 'address' },
  backlog: {
    becomes: 'backlog',
    read: ({ args: [most = ''], into }) => put(into.fields, 'socket.backlog', Number(most)),
  },
  rcvbuf: { why: 'millrace leaves buffers to the kernel' },
  sndbuf: { why: 'millrace leaves buffers to the kernel' },
  fastopen: { why: 'millrace has no TCP fast open' },
  deferred: { why: 'a client that sends nothing is a matter of "firstBytesMs"' },
  setfib: { why: 'millrace knows no routing tables' },
  quic: { why: 'millrace forwards TCP' },
}

/** `listen ADDRESS:PORT …`. A port alone is one of all IPv4 addresses. */
export function readListen({ line, args: [text = '', ...rest], into, remarks }: Call<ServerDraft>): void {
  const place = /^[\d-]+$/.test(text) ? `0.0.0.0:${text}` : text.replace(/^unix:/, 'unix@')
  const addresses = bindAddresses(place)
  if (typeof addresses === 'string') {
    remarks.leftOut(line, addresses)
    return
  }
  const draft: ListenDraft = { fields: {}, isTls: false }
  // `name=value` is a name with a value, and the tables know names.
  for (const parameter of rest) {
    const [name = '', value = ''] = parameter.split(/=(.*)/s)
    const known = Object.hasOwn(LISTEN_PARAMETERS, name) ? LISTEN_PARAMETERS[name]! : undefined
    if (known?.read === undefined) readParameters(LISTEN_PARAMETERS, [name], line, draft, remarks)
    else known.read({ line, args: [value], into: draft, remarks })
  }
  if (!rest.includes('udp')) into.listens.push({ line, addresses, fields: draft.fields, isTls: draft.isTls })
}
