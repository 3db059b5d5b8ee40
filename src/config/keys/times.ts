/** Keys for times: timeouts and keepalive, for all and for one listener or cluster. */
import { TIMEOUTS, timeoutsAt } from '../timeouts.js'
import type { KeyTable } from './key-words.js'

const UP_TO_24_DAYS = 'duration, `0` to `24d`'
const NO_LIMIT = 'no limit'
const ENDS = 'After this time millrace closes the connection, or resets it if bytes are in flight'

const COMMON: KeyTable = {
  'timeouts.firstBytesMs': {
    does: 'How long a client may take to send what millrace needs to choose a cluster: bytes that show what it speaks, ClientHello, TLS handshake, request head. It is also the time that a `route` function may wait for the client. After this time millrace resets the client. If only `routes[].speaks` waits for bytes, the client goes on as one that [speaks none of these](routing.md#when-nothing-more-comes). With `protocol: http` it answers 408. A listener that needs none of these has no such limit: a client may wait for the server to speak first',
    takes: UP_TO_24_DAYS,
    default: '`5s`',
    zero: NO_LIMIT,
  },
  'timeouts.routeMs': {
    does: 'How long a [`route` function](library.md#route-functions) may take. The time in which it waits for the client does not count: `firstBytesMs` holds for that. After this time millrace resets the client, or tells it no as `refuseAs` says. With `protocol: http` it answers 504. The record has the cause `route-timeout`',
    takes: UP_TO_24_DAYS,
    default: '`5s`',
    zero: NO_LIMIT,
  },
  'timeouts.connectMs': {
    does: 'How long one connect may take. After this time millrace tries the next address: each backend once, then the further addresses of backends with several. A refused connect goes on to the next at once. So a client waits at most this time for each address. After the last one millrace resets the client. With `protocol: http` it answers 504 if the last connect was too slow, else 503. Waiting for the first answer of DNS has the same limit',
    takes: UP_TO_24_DAYS,
    default: '`5s`',
    zero: 'the limit of the kernel, about 2 minutes (`tcp_syn_retries`). A wait for DNS has none',
  },
  'timeouts.responseMs': {
    does: 'How long a backend may take for a TLS handshake, and then once more for the head of its response. After this time millrace resets the client, or answers 504 with `protocol: http`. A backend that only gets plain bytes has no such limit',
    takes: UP_TO_24_DAYS,
    default: '`30s`',
    zero: NO_LIMIT,
  },
  'timeouts.idleMs': {
    does: `How long both directions together may be silent. One byte in one direction starts the time anew. Keepalive probes are no bytes: a pool of silent connections ends after this time. ${ENDS}. The [record](records.md) names the side that millrace waited for`,
    takes: UP_TO_24_DAYS,
    default: '`10m`',
    zero: NO_LIMIT,
  },
  'timeouts.halfClosedMs': {
    does: `How long a connection may move no byte after one side has sent FIN. Each byte starts the time anew. ${ENDS}`,
    takes: UP_TO_24_DAYS,
    default: '`30s`',
    zero: 'no limit of its own. `idleMs` still applies',
  },
  'timeouts.lifetimeMs': {
    does: `How long a connection may last. ${ENDS}`,
    takes: UP_TO_24_DAYS,
    default: '`0`',
    zero: NO_LIMIT,
  },
  'timeouts.drainMs': {
    does: 'The deadline of a drain: after SIGTERM, after an operator sets a backend `maint`, and after a reload removes a listener. From half of it on, millrace closes connections that have no byte in flight, [one after another](commands.md#drain). A database session that waits for a slow query has none. At the end it ends [those that are left](commands.md#drain)',
    takes: UP_TO_24_DAYS,
    default: '`30s`',
    zero: 'millrace waits until the last connection has ended',
  },
  'timeouts.graceMs': {
    does: 'After SIGTERM millrace still accepts clients for this long, and [`/readyz`](admin.md) answers 503. A load balancer in front, or Kubernetes, sends no new clients from then on. After that the [drain](systemd.md#containers) begins. A second SIGTERM ends the process at once. The library ignores this key',
    takes: UP_TO_24_DAYS,
    default: '`0`',
    zero: 'the drain begins at once',
  },
  'timeouts.deadPeerMs': {
    does: 'How long sent bytes or keepalive probes may stay unacknowledged (`TCP_USER_TIMEOUT`). After this time the kernel breaks the connection, and millrace resets the other side. Without the addon millrace ignores this key, and `unavailable` in the status says so',
    takes: UP_TO_24_DAYS,
    default: '`0`',
    zero: "the kernel's limit, about 15 minutes for sent bytes",
  },
}

const WHOSE = {
  listener: {
    owner: 'listeners[]',
    does: 'Timeouts of the clients of this listener. A timeout of their cluster goes before one of these. `drainMs` and `graceMs` stand only in the common `timeouts`',
    connections: 'clients of this listener, unless their cluster has its own',
    peers: 'clients of this listener alone',
  },
  cluster: {
    owner: 'clusters.NAME',
    does: 'Timeouts of the connections to this cluster. They go before those of the listener',
    connections: 'connections to this cluster, whatever their listener says',
    peers: 'backends of this cluster alone',
  },
} as const

export const TIMEOUT_KEYS: KeyTable = { ...COMMON, ...ownTimeouts('listener'), ...ownTimeouts('cluster') }

export const KEEPALIVE_KEYS: KeyTable = {
  keepalive: {
    does: 'TCP [keepalive](#peers-that-vanish) for all listeners and clusters that have no `keepalive` of their own. `true`: the defaults below. `false`: no keepalive',
    takes: '`true`, `false`, or a map',
    default: '`true`',
  },
  ...probes('keepalive'),
  ...ownKeepalive('listeners[]', 'clients of this listener'),
  ...ownKeepalive('clusters.NAME', 'backends of this cluster'),
}

/** The timeouts that may stand at this level. What each one does is said where it stands for everything. */
function ownTimeouts(level: 'listener' | 'cluster'): KeyTable {
  const { owner, does, connections, peers } = WHOSE[level]
  const rows = timeoutsAt(level).map((name) => {
    const whose = TIMEOUTS[name].of === 'connection' ? connections : peers
    const words = COMMON[`timeouts.${name}`]!
    return [
      `${owner}.timeouts.${name}`,
      { ...words, does: `As \`timeouts.${name}\`, for ${whose}`, default: `\`timeouts.${name}\`` },
    ] as const
  })
  return {
    [`${owner}.timeouts`]: { does, takes: 'map', default: 'the common `timeouts`' },
    ...Object.fromEntries(rows),
  }
}

function ownKeepalive(owner: string, peers: string): KeyTable {
  return {
    [`${owner}.keepalive`]: {
      does: `Keepalive for ${peers} alone, in place of the common \`keepalive\`. What a map here does not say has the default below, not the common value. \`true\`: the defaults below. \`false\`: no keepalive`,
      takes: '`true`, `false`, or a map',
      default: 'the common `keepalive`',
    },
    ...probes(`${owner}.keepalive`),
  }
}

function probes(map: string): KeyTable {
  return {
    [`${map}.idleMs`]: {
      does: 'How long the peer may be silent before the kernel sends the first probe (`TCP_KEEPIDLE`)',
      takes: 'whole seconds, `1s` to `32767s`',
      default: '`60s`',
      zero: 'an error. `keepalive: false` sends no probes',
    },
    [`${map}.everyMs`]: {
      does: 'Time between two probes (`TCP_KEEPINTVL`). Without the addon it is 1 s',
      takes: 'whole seconds, `1s` to `32767s`',
      default: '`15s`',
      zero: 'an error',
    },
    [`${map}.count`]: {
      does: 'After this many unanswered probes the kernel breaks the connection (`TCP_KEEPCNT`). millrace then resets the other side. With the defaults, that is 120 s after the last byte. Without the addon it is 10',
      takes: 'number, `1` to `127`',
      default: '`4`',
      zero: 'an error',
    },
  }
}
