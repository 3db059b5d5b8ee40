// What is measured: every load, with what is told to the generator or to another load program. Knows nothing of
// contenders but the names of variants that only take part where asked for.
import { LIBRARY_CONTENDERS } from './contenders.mjs'
import { MOST_CONNECTIONS } from './limits.mjs'
import { WRK_SIZES } from './tools.mjs'

const KIB = 1024
const MIB = KIB * KIB
const SIZES = [64, KIB, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, MIB]
const COUNTS = [1, 8, 64]
const DIRECTIONS = ['down', 'up', 'both']
const BOTH_CONTROLS = ['cubic', 'bbr']
/** What a paused reader reads before it stops: the windows are wide open by then. */
const PAUSE_AFTER_BYTES = 12_000_000

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
function load(family, what, title, options) {
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

const bulk = (connections, direction, more = {}) => ({
  kind: 'bulk',
  connections,
  up: direction === 'down' ? 0 : 1,
  down: direction === 'up' ? 0 : 1,
  ...more,
})
const request = (connections, response, more = {}) => ({ kind: 'request', connections, response, ...more })
const idle = (connections, more = {}) => ({ kind: 'idle', connections, ...more })
const heldBack = (connections, rate = 0) =>
  bulk(connections, 'down', { 'hold-after': PAUSE_AFTER_BYTES, 'held-rate': rate })

const forEach = (lists, make) =>
  lists
    .reduce((all, list) => all.flatMap((one) => list.map((item) => [...one, item])), [[]])
    .map((each) => make(...each))

function bulkLoad(family, count, direction, congestion, options = {}) {
  const isQuick = family === 'bulk' && count === 8 && direction === 'down'
  return load(family, `${count}-${direction}`, `bulk ${direction}, ${plural(count)}`, {
    measure: 'bulk',
    groups: [bulk(count, direction)],
    congestion,
    isQuick,
    ...options,
  })
}

function iperfLoad(family, count, direction, congestion, options = {}) {
  const title = `iperf3 ${direction}, ${plural(count)}`
  return load(family, `${family === 'iperf' ? '' : 'iperf-'}${count}-${direction}`, title, {
    measure: 'bulk',
    tool: 'iperf3',
    connections: count,
    direction,
    congestion,
    seconds: 1,
    isQuick: family === 'iperf' && count === 8 && direction === 'down' && congestion === 'cubic',
    ...options,
  })
}

const bulkLoads = () => [
  ...forEach([BOTH_CONTROLS, COUNTS, DIRECTIONS], (congestion, count, direction) =>
    bulkLoad('bulk', count, direction, congestion, {
      variants: ['millrace-on', 'millrace-off', 'millrace-nobody'],
      hasCeiling: true,
    }),
  ),
  ...forEach([BOTH_CONTROLS, COUNTS, DIRECTIONS], (congestion, count, direction) =>
    iperfLoad('iperf', count, direction, congestion, {
      variants: ['millrace-off', 'millrace-stream', 'millrace-nobody'],
      hasCeiling: true,
    }),
  ),
  ...forEach([COUNTS, ['down', 'up']], (count, direction) =>
    bulkLoad('veth', count, direction, 'cubic', { network: 'veth', variants: ['millrace-off'] }),
  ),
  ...forEach([[8], DIRECTIONS], (count, direction) =>
    iperfLoad('veth', count, direction, 'cubic', { network: 'veth', variants: ['millrace-off'] }),
  ),
]

const WRK_CONNECTIONS = [64, 16, 16, 8]

const toolLoads = () => [
  ...forEach([BOTH_CONTROLS, WRK_SIZES], (congestion, bytes) => {
    const connections = WRK_CONNECTIONS[WRK_SIZES.indexOf(bytes)]
    const what = `${sizeName(bytes)}-${connections}`
    return load('answers', what, `wrk, ${sizeText(bytes)} × ${connections}`, {
      measure: 'roundTrips',
      tool: 'wrk',
      bytes,
      connections,
      congestion,
      seconds: 1,
      variants: ['millrace-on', 'millrace-off', 'millrace-stream'],
      hasCeiling: true,
      isQuick: congestion === 'cubic' && bytes === MIB,
    })
  }),
  ...[1, 16].map((pipeline) =>
    load('redis', `pipeline-${pipeline}`, `redis-benchmark, 50 clients, pipeline ${pipeline}`, {
      measure: 'roundTrips',
      tool: 'redis',
      connections: 50,
      pipeline,
      requests: pipeline === 1 ? 60_000 : 600_000,
      hasCeiling: true,
    }),
  ),
]

const QUICK_REQUESTS = new Set(['64B-64'])
const CARRIER_REQUESTS = new Set(['64B-1', '64B-64', '16KiB-64', '64KiB-16', '256KiB-16'])

const requestPoints = () => [
  ...forEach([SIZES, [1, 16, 64, 1000]], (bytes, count) => [bytes, count]),
  [8 * MIB, 1],
  [8 * MIB, 8],
]

const requestLoads = () =>
  requestPoints().map(([bytes, count]) => {
    const what = `${sizeName(bytes)}-${count}`
    return load('request', what, `${sizeText(bytes)} responses, ${plural(count)}`, {
      measure: 'roundTrips',
      groups: [request(count, bytes)],
      ms: 300,
      warmMs: 50,
      variants: CARRIER_REQUESTS.has(what) ? ['millrace-on', 'millrace-off', 'millrace-stream'] : [],
      hasCeiling: true,
      isQuick: QUICK_REQUESTS.has(what),
    })
  })

const connectionLoads = () => [
  // Whoever compiles while running has done so after 20,000 connections; a front door runs for weeks.
  load('connect', '', 'connect, 64 B, close, 16 at once', {
    measure: 'roundTrips',
    groups: [{ kind: 'connect', connections: 16 }],
    ms: 800,
    warmMs: 1500,
    variants: ['millrace-stream', 'millrace-logging', 'millrace-uncounted', 'millrace-scraped'],
    hasCeiling: true,
    isFresh: true,
    isQuick: true,
  }),
  load('idle', '', `${MOST_CONNECTIONS} idle connections`, {
    measure: 'idle',
    groups: idleGroups(MOST_CONNECTIONS),
    warmMs: 0,
    isFresh: true,
    isQuick: true,
    mostRounds: 3,
  }),
  ...[10, MOST_CONNECTIONS - 64].map((count) =>
    load('beside-idle', count === 10 ? 'few' : 'many', `64 B, 64 connections beside ${count} idle`, {
      measure: 'roundTrips',
      groups: [idle(count), request(64, 64)],
      only: ['c-splice', 'haproxy-splice', 'nginx', 'millrace'],
    }),
  ),
]

/** A few first, so that what a process needs once is not counted as the others'. */
function idleGroups(connections) {
  const few = Math.floor(connections / 9)
  return [idle(few), idle(connections - few, { late: 1 })]
}

const neighbourLoads = () => [
  ...BOTH_CONTROLS.map((congestion) =>
    load('probe', '', '100 messages/s beside 8 bulk connections', {
      measure: 'probe',
      groups: [bulk(8, 'down'), request(1, 64, { 'every-us': 10_000 })],
      ms: 2000,
      congestion,
      hasCeiling: true,
    }),
  ),
  ...forEach(
    [
      [0, 1, 10, 100],
      [
        [1, 8 * MIB],
        [8, 64],
      ],
    ],
    (paused, [count, bytes]) =>
      load(
        'paused',
        `${sizeName(bytes)}-beside-${paused}`,
        `${sizeText(bytes)} × ${count} beside ${paused} paused`,
        {
          measure: 'roundTrips',
          groups: [...(paused === 0 ? [] : [heldBack(paused)]), request(count, bytes)],
          hasCeiling: true,
          isQuick: paused === 1 && bytes > 64,
        },
      ),
  ),
  ...[
    [1, 8 * MIB],
    [8, 64],
  ].map(([count, bytes]) =>
    load(
      'paused',
      `${sizeName(bytes)}-beside-8-slow`,
      `${sizeText(bytes)} × ${count} beside 8 readers of 1 MB/s`,
      {
        measure: 'roundTrips',
        groups: [heldBack(8, 1_000_000), request(count, bytes)],
        hasCeiling: true,
      },
    ),
  ),
  ...BOTH_CONTROLS.map((congestion) =>
    load('memory', '', 'one paused download', {
      measure: 'memory',
      groups: [heldBack(1)],
      congestion,
      hasCeiling: true,
      isFresh: true,
    }),
  ),
]

const unixLoads = () =>
  ['unix-backend', 'unix-listener']
    .flatMap((ends) => [
      ...[1, 2, 8].map((count) => bulkLoad(ends, count, 'down', 'cubic', { ends, isQuick: false })),
      ...[
        [64 * KIB, 16],
        [MIB, 16],
        [8 * MIB, 8],
      ].map(([bytes, count]) =>
        load(ends, `${sizeName(bytes)}-${count}`, `${sizeText(bytes)} responses, ${plural(count)}`, {
          measure: 'roundTrips',
          groups: [request(count, bytes)],
          ends,
        }),
      ),
    ])
    .map((each) => ({ ...each, title: `${each.ends.replace('-', ' ')}: ${each.title}` }))

const libraryLoads = () => [
  ...forEach([BOTH_CONTROLS, [1, 8], DIRECTIONS], (congestion, count, direction) =>
    iperfLoad('library', count, direction, congestion, { measure: 'library', only: LIBRARY_CONTENDERS }),
  ),
  load('library', 'timers', 'timers under full load (8 bulk both ways, 64 asking)', {
    measure: 'library',
    groups: [bulk(8, 'both'), request(64, 64)],
    ms: 1000,
    only: LIBRARY_CONTENDERS,
  }),
]

const syscallLoads = () =>
  [
    ['bulk-8-down', 'bulk down, 8 connections', [bulk(8, 'down')]],
    ['bulk-8-up', 'bulk up, 8 connections', [bulk(8, 'up')]],
    ['64B-1', '64 B, 1 connection', [request(1, 64)]],
    ['64B-64', '64 B, 64 connections', [request(64, 64)]],
    ['1MiB-16', '1 MiB, 16 connections', [request(16, MIB)]],
    ['connect', 'connect, 64 B, close', [{ kind: 'connect', connections: 16 }]],
  ].map(([what, title, groups]) =>
    load('syscalls', what, `system calls: ${title}`, { measure: 'syscalls', groups, mostRounds: 1 }),
  )

export const LOADS = [
  ...bulkLoads(),
  ...toolLoads(),
  ...requestLoads(),
  ...connectionLoads(),
  ...neighbourLoads(),
  ...unixLoads(),
  ...libraryLoads(),
  ...syscallLoads(),
]

/** For a smoke test: one of each family and tool, short, few connections, every byte compared, and all in one network. */
export function smokeLoads(congestion) {
  const chosen = new Map(LOADS.map((each) => [`${each.family} ${each.tool}`, each]))
  // Other people's programs run for a second at least, and compare nothing.
  const few = ['c-splice', 'haproxy-splice', 'millrace']
  return [...chosen.values()].map((each) => ({
    ...each,
    ...(each.tool !== 'generator' && each.only === undefined && { only: few }),
    congestion,
    groups: each.groups?.map((group) => ({ ...group, connections: Math.min(group.connections, 20) })),
    ms: 100,
    warmMs: 0,
    requests: each.requests && 5000,
  }))
}

function plural(count) {
  return count === 1 ? '1 connection' : `${count} connections`
}

function sizeText(bytes) {
  if (bytes < KIB) return `${bytes} B`
  return bytes < MIB ? `${bytes / KIB} KiB` : `${bytes / MIB} MiB`
}

function sizeName(bytes) {
  return sizeText(bytes).replace(' ', '')
}
