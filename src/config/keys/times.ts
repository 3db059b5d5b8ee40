/** Keys for times: timeouts and keepalive, for everybody and for one listener or cluster. */
import type { KeyTable } from './key-words.js'

const UP_TO_24_DAYS = 'duration, `0` to `24d`'
const NO_LIMIT = 'no limit'
const ENDS = 'Then millrace closes the connection, or resets it if bytes are in flight'

export const TIMEOUT_KEYS: KeyTable = {
  'timeouts.firstBytesMs': {
    does: 'How long a client may take to send what millrace needs to choose a cluster: ClientHello, TLS handshake, request head. A `route` function must answer within it too. Then millrace resets the client. With `protocol: http` it answers 408, or 504 if the function was late',
    takes: UP_TO_24_DAYS,
    default: '`5s`',
    zero: NO_LIMIT,
  },
  'timeouts.connectMs': {
    does: 'How long one backend may take to accept a connection. Then millrace tries the next one. After the last one, it resets the client, or answers 504 with `protocol: http`',
    takes: UP_TO_24_DAYS,
    default: '`5s`',
    zero: 'the limit of the kernel',
  },
  'timeouts.responseMs': {
    does: 'How long a backend may take for a TLS handshake, and for the head of its response. Then millrace resets the client, or answers 504 with `protocol: http`. A backend that only gets plain bytes has no such limit',
    takes: UP_TO_24_DAYS,
    default: '`30s`',
    zero: NO_LIMIT,
  },
  'timeouts.idleMs': {
    does: `How long a connection may move no byte in either direction. ${ENDS}. The [record](records.md) names the side that millrace waited for`,
    takes: UP_TO_24_DAYS,
    default: '`10m`',
    zero: NO_LIMIT,
  },
  'timeouts.halfClosedMs': {
    does: `How long a connection may move no byte after one side has sent FIN. ${ENDS}`,
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
    does: 'How long connections may go on after SIGTERM, after an operator sets their backend `maint`, and after a reload removes their listener. From half of it on, millrace closes those that have no byte in flight, [one after another](commands.md#drain). At the end it resets those that still have',
    takes: UP_TO_24_DAYS,
    default: '`30s`',
    zero: 'millrace waits until the last connection has ended',
  },
  'timeouts.deadPeerMs': {
    does: 'How long sent bytes or keepalive probes may stay unacknowledged (`TCP_USER_TIMEOUT`). Then the kernel breaks the connection, and millrace resets the other side. Needs the addon',
    takes: UP_TO_24_DAYS,
    default: '`0`',
    zero: "the kernel's limit, about 15 minutes for sent bytes",
  },
  ...ownDeadPeer('listeners[]', 'clients of this listener'),
  ...ownDeadPeer('clusters.NAME', 'backends of this cluster'),
}

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

function ownDeadPeer(owner: string, peers: string): KeyTable {
  return {
    [`${owner}.timeouts`]: {
      does: `Timeouts for ${peers} alone`,
      takes: 'map',
      default: 'the common `timeouts`',
    },
    [`${owner}.timeouts.deadPeerMs`]: {
      does: `As \`timeouts.deadPeerMs\`, for ${peers} alone`,
      takes: UP_TO_24_DAYS,
      default: '`timeouts.deadPeerMs`',
      zero: "the kernel's limit, about 15 minutes for sent bytes",
    },
  }
}

function ownKeepalive(owner: string, peers: string): KeyTable {
  return {
    [`${owner}.keepalive`]: {
      does: `Keepalive for ${peers} alone. \`true\`: the defaults below. \`false\`: no keepalive`,
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
      does: 'Time between two probes (`TCP_KEEPINTVL`). Needs the addon',
      takes: 'whole seconds, `1s` to `32767s`',
      default: '`15s`',
      zero: 'an error',
    },
    [`${map}.count`]: {
      does: 'After this many unanswered probes the kernel breaks the connection (`TCP_KEEPCNT`). millrace then resets the other side. Needs the addon',
      takes: 'number, `1` to `127`',
      default: '`4`',
      zero: 'an error',
    },
  }
}
