// What a load is, and the groups of connections the generator knows. Pure.

const KIB = 1024
export const MIB = KIB * KIB
export const BOTH_CONTROLS = ['cubic', 'bbr']
export const DIRECTIONS = ['down', 'up', 'both']
/** What a reader that is held back reads before that: the windows are wide open by then. */
const HOLD_AFTER_BYTES = 12_000_000

/**
 * A load: `family`, what makes it unique in it (`what`), a `title`, and
 * - `tool`: `generator` (with `groups` of which `about` is reported, `ms` of measuring, `warmMs` of the same before),
 *   `iperf3`, `wrk` or `redis`;
 * - `measure`: which figures come of it (families.mjs);
 * - `network` and `congestion`: where it flows; `ends`: `tcp`, or which side of the proxy is a unix socket;
 * - `variants`: contenders of ours that take part besides; `only`: nobody but these takes part;
 * - `hasCeiling`: also without a proxy; `isFresh`: each run needs a process that has just started;
 * - `isQuick`: part of the short run; `mostRounds` where more would tell nothing new.
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
/** Downloads that read no faster than `rate` after the first bytes; by default not at all. */
export const heldBack = (connections, rate = 0) =>
  bulk(connections, 'down', { 'hold-after': HOLD_AFTER_BYTES, 'held-rate': rate })

/** Calls `make` with every combination of the lists' items. */
export const forEach = (lists, make) =>
  lists
    .reduce((all, list) => all.flatMap((one) => list.map((item) => [...one, item])), [[]])
    .map((each) => make(...each))

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
