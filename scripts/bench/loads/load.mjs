// Describes a load, and the groups of connections that the generator knows. Pure.

const KIB = 1024
export const MIB = KIB * KIB
export const BOTH_CONTROLS = ['cubic', 'bbr']
export const DIRECTIONS = ['down', 'up', 'both']
/** Bytes that a reader reads before it is held back. By then the windows are wide open. */
const HOLD_AFTER_BYTES = 12_000_000

/**
 * A load: `family`, what makes it unique in its family (`what`), a `title`, and these options.
 * - `tool`: `generator`, `iperf3`, `wrk` or `redis`. The generator needs `groups`. `about` is the group that
 *   is reported, `ms` the time of measuring, `warmMs` the time of the same load before that.
 * - `measure`: which figures it gives (families.mjs).
 * - `network` and `congestion`: where it flows. `ends`: `tcp`, or which side of the proxy is a unix socket.
 * - `variants`: contenders of ours that also take part. `only`: the only ones that take part.
 * - `hasCeiling`: also runs without a proxy. `isFresh`: each run needs a process that has just started.
 * - `isQuick`: part of the short run. `mostRounds`: a limit if more rounds would tell nothing new.
 */
export function load(family, what, title, options) {
  const { congestion = 'cubic', groups = [] } = options
  return {
    family,
    name: `${family}${what === '' ? '' : `-${what}`}-${congestion}`,
    title: `${title}${options.network === 'veth' ? ', MTU 1500' : ''}, ${congestion}`,
    tool: 'generator',
    network: 'loopback',
    ends: 'tcp',
    about: groups.length - 1,
    ms: 500,
    warmMs: 100,
    variants: [],
    hasCeiling: false,
    isFresh: false,
    isQuick: false,
    mostRounds: Number.POSITIVE_INFINITY,
    connections: groups.reduce((sum, group) => sum + group.connections, 0),
    ...options,
    congestion,
  }
}

export const bulk = (connections, direction, more = {}) => ({
  kind: 'bulk',
  connections,
  up: direction === 'down' ? 0 : 1,
  down: direction === 'up' ? 0 : 1,
  ...more,
})
export const request = (connections, response, more = {}) => ({
  kind: 'request',
  connections,
  response,
  ...more,
})
export const idle = (connections, more = {}) => ({ kind: 'idle', connections, ...more })
/** Downloads that read no faster than `rate` after the first bytes. By default they read nothing more. */
export const heldBack = (connections, rate = 0) =>
  bulk(connections, 'down', { 'hold-after': HOLD_AFTER_BYTES, 'held-rate': rate })

/** Calls `make` with every combination of the lists' items. */
export const forEach = (lists, make) =>
  lists
    .reduce((all, list) => all.flatMap((one) => list.map((item) => [...one, item])), [[]])
    .map((each) => make(...each))

export const directionText = (direction) => (direction === 'both' ? 'up and down' : direction)

export function plural(count) {
  return count === 1 ? '1 connection' : `${count} connections`
}

export function sizeText(bytes) {
  if (bytes < KIB) return `${bytes} B`
  return bytes < MIB ? `${bytes / KIB} KiB` : `${bytes / MIB} MiB`
}

export function sizeName(bytes) {
  return sizeText(bytes).replace(' ', '')
}
