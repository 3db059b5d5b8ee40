/** Keys of limits: of the whole proxy, of a listener and of a cluster. */
import { type KeyTable, type KeyWords, NOT_SET, REQUIRED } from './key-words.js'

const NO_LIMIT = 'no limit'
const AN_ERROR = 'an error. For no limit, leave the key out'
const CONNECTIONS = 'number, `1` to `10000000`'
const A_BANDWIDTH = '[size](#durations-and-sizes), `1KiB` to `1TiB`, or `0`'
const BYTES = '[size](#durations-and-sizes), `1KiB` to `1024TiB`, or `0`'
const A_WAIT = '[duration](#durations-and-sizes), `1ms` to `24d`'

/** Of the words for a scope: what it is called, and what the connections in it are called. */
interface Scope {
  readonly owner: string
  readonly map: KeyWords
  readonly whenFull: string
}

const PROXY: Scope = {
  owner: 'limits',
  map: {
    does: 'Limits of the whole proxy, all workers together. [limits.md](limits.md) explains them. The limits of the proxy, of a listener and of a cluster hold together',
    takes: 'map',
    default: 'only a [default of `maxConnections`](limits.md#connections)',
  },
  whenFull:
    'What happens to new clients while `maxConnections` or `newPerSecond` is reached. `wait`: millrace accepts nobody, and clients wait in the kernel. `refuse`: millrace accepts and refuses them. A source that has reached its own limit is always refused',
}

const LISTENER: Scope = {
  owner: 'listeners[].limits',
  map: {
    does: 'Limits of the clients of this listener, all workers together. [limits.md](limits.md) explains them',
    takes: 'map',
    default: 'no limits',
  },
  whenFull:
    'As `limits.whenFull`, for the limits of this listener. With `wait` only this listener stops accepting',
}

const CLUSTER: Scope = {
  owner: 'clusters.NAME.limits',
  map: {
    does: 'Limits of the connections of this cluster, all workers together. [limits.md](limits.md) explains them',
    takes: 'map',
    default: 'no limits',
  },
  whenFull:
    'What happens to clients while `maxConnections` or `newPerSecond` of the cluster is reached. `wait`: they wait in its [queue](limits.md#queues-and-hold). `refuse`: they are refused',
}

export const LIMIT_KEYS: KeyTable = {
  ...keysOf(PROXY),
  ...accessKeysOf('limits'),
  'limits.sources': {
    does: 'How many [sources](limits.md#sources) millrace remembers, each once in each scope that counts it. If none can be forgotten, a new source is refused. A change needs a restart',
    takes: 'number, `1000` to `10000000`',
    default: '`100000`',
    zero: 'an error',
  },
  'limits.evictIdle': {
    does: 'When file descriptors or memory run out, millrace ends the connections that have been idle longest',
    takes: 'map',
    default: 'it ends none',
  },
  'limits.evictIdle.afterMs': {
    does: 'millrace never ends a connection for this reason that has been idle for less time',
    takes: '[duration](#durations-and-sizes), `1s` to `24d`',
    default: REQUIRED,
    zero: 'an error',
  },
}

export const LISTENER_LIMIT_KEYS: KeyTable = {
  ...keysOf(LISTENER),
  ...accessKeysOf('listeners[].limits'),
}

export const CLUSTER_LIMIT_KEYS: KeyTable = {
  ...keysOf(CLUSTER),
  'clusters.NAME.limits.perBackend': {
    does: 'Limits of each backend of the cluster by itself',
    takes: 'map',
    default: NO_LIMIT,
  },
  'clusters.NAME.limits.perBackend.maxConnections': {
    does: 'As `backends[].maxConnections`, for each backend that has none',
    takes: CONNECTIONS,
    default: NO_LIMIT,
    zero: AN_ERROR,
  },
  'clusters.NAME.limits.queueMs': {
    does: 'How long a client waits for a place in the cluster or at a backend. Then it is refused',
    takes: '[duration](#durations-and-sizes), `0` to `24d`',
    default: '`timeouts.connectMs` of the cluster, else of the config',
    zero: 'it waits until it leaves',
  },
  'clusters.NAME.limits.queueLength': {
    does: 'How many clients may wait at the same time. All workers count together. Further clients are refused, or sources with more clients make room',
    takes: 'number, `0` to `1000000`',
    default: '`0`',
    zero: NO_LIMIT,
  },
}

function keysOf({ owner, map, whenFull }: Scope): KeyTable {
  return {
    [owner]: map,
    [`${owner}.maxConnections`]: {
      does: 'How many connections may be open',
      takes: CONNECTIONS,
      default: owner === 'limits' ? '[from the fd limit](limits.md#connections)' : NO_LIMIT,
      zero: AN_ERROR,
    },
    ...rate(owner, 'How many clients may come per second, on average'),
    ...bandwidth(owner, 'How many bytes per second all connections move together. They share it evenly'),
    [`${owner}.perSource`]: {
      does: 'Limits of each [source](limits.md#sources) by itself. A source is a client address, or a network of them',
      takes: 'map',
      default: NO_LIMIT,
    },
    ...sourceKeys(`${owner}.perSource`),
    [`${owner}.perConnection`]: {
      does: 'Limits of each connection by itself',
      takes: 'map',
      default: NO_LIMIT,
    },
    ...bandwidth(`${owner}.perConnection`, 'How many bytes per second one connection moves'),
    [`${owner}.perConnection.maxBytes`]: {
      does: 'How many bytes a connection moves, both directions together. Then millrace ends it',
      takes: BYTES,
      default: '`0`',
      zero: NO_LIMIT,
    },
    [`${owner}.whenFull`]: { does: whenFull, takes: '`wait`, `refuse`', default: '`wait`' },
    [`${owner}.refuseAs`]: {
      does: 'How a refused client is told. [limits.md](limits.md#saying-no) has the answers of each. `auto` answers in the protocol that the first bytes of the client show. `mysql` and `smtp` are for clients that wait for the server to speak',
      takes: '`reset`, `close`, `auto`, `mysql`, `smtp`',
      default: owner === 'limits' ? '`reset`' : '`refuseAs` of the wider scope',
    },
    [`${owner}.dryRun`]: {
      does: '`true`: these limits refuse nobody, and nobody waits or is slowed down because of them. millrace counts and logs whom they would have refused',
      takes: '`true`, `false`',
      default: '`false`',
    },
  }
}

function sourceKeys(owner: string): KeyTable {
  return {
    [`${owner}.prefix4`]: {
      does: 'How many leading bits of an IPv4 address count as one source. `32`: each address is a source. `24`: 256 addresses are one',
      takes: 'number, `8` to `32`',
      default: '`32`',
      zero: 'an error',
    },
    [`${owner}.prefix6`]: {
      does: 'How many leading bits of an IPv6 address count as one source. One customer mostly has 64 or fewer',
      takes: 'number, `16` to `128`',
      default: '`64`',
      zero: 'an error',
    },
    [`${owner}.maxConnections`]: {
      does: 'How many connections a source may have open. Further ones are refused',
      takes: CONNECTIONS,
      default: NO_LIMIT,
      zero: AN_ERROR,
    },
    ...rate(owner, 'How many connections a source may open per second, on average. Further ones are refused'),
    ...bandwidth(owner, 'How many bytes per second all connections of a source move together'),
    [`${owner}.bytesPerDay`]: {
      does: 'How many bytes a source moves in a day of UTC, both directions together. Then its connections end, and new ones are refused',
      takes: BYTES,
      default: '`0`',
      zero: NO_LIMIT,
    },
  }
}

function rate(owner: string, does: string): KeyTable {
  return {
    [`${owner}.newPerSecond`]: {
      does: `${does}. A number is short for \`{ rate: number }\``,
      takes: 'number, or a map',
      default: NO_LIMIT,
      zero: AN_ERROR,
    },
    [`${owner}.newPerSecond.rate`]: {
      does: 'New connections per second. It can be a fraction: `0.1` is one in 10 seconds',
      takes: 'number, `0.01` to `1000000`',
      default: REQUIRED,
      zero: AN_ERROR,
    },
    [`${owner}.newPerSecond.burst`]: {
      does: 'How many may come at once after a silence',
      takes: 'number, `1` to `1000000`',
      default: '`rate`, rounded up',
      zero: 'an error',
    },
  }
}

function bandwidth(owner: string, does: string): KeyTable {
  const direction = (from: string): KeyWords => ({
    does: `The bytes from the ${from}, per second`,
    takes: A_BANDWIDTH,
    default: '`0`',
    zero: NO_LIMIT,
  })
  return {
    [`${owner}.bytesPerSecond`]: {
      does: `${does}. A size is short for the same in both directions`,
      takes: 'size, or a map',
      default: NO_LIMIT,
      zero: NO_LIMIT,
    },
    [`${owner}.bytesPerSecond.up`]: direction('client'),
    [`${owner}.bytesPerSecond.down`]: direction('backend'),
  }
}

function accessKeysOf(owner: string): KeyTable {
  const list = (does: string, theDefault: string): KeyWords => ({
    does,
    takes:
      'list of at least one: [address range](#address-ranges), with `!` before it for an exception from a larger one, or a map',
    default: theDefault,
  })
  const file: KeyWords = {
    does: 'A [file](limits.md#lists) with an address range in each line. millrace reads it again when it changes',
    takes: 'path of a file',
    default: NOT_SET,
  }
  return {
    [`${owner}.allow`]: list('Only these clients may come in', 'all clients'),
    [`${owner}.allow[].file`]: file,
    [`${owner}.deny`]: list('These clients may not come in, even if `allow` has them', 'nobody'),
    [`${owner}.deny[].file`]: file,
    [`${owner}.ban`]: {
      does: 'A source that a limit of `perSource` refuses too often, or a route, is [banned](limits.md#bans) for a while. `{}` uses the defaults',
      takes: 'map',
      default: 'nobody is banned',
    },
    [`${owner}.ban.after`]: {
      does: 'How many refusals are too often',
      takes: 'number, `1` to `1000`',
      default: '`10`',
      zero: 'an error',
    },
    [`${owner}.ban.withinMs`]: {
      does: 'The refusals must come within this time',
      takes: A_WAIT,
      default: '`1m`',
      zero: 'an error',
    },
    [`${owner}.ban.forMs`]: {
      does: 'How long the source is banned',
      takes: A_WAIT,
      default: '`10m`',
      zero: 'an error',
    },
  }
}
