// What is measured: every load with the groups of connections it consists of, as arguments for the generator
// (scripts/bench/load/spec.h says what they mean). Knows nothing of contenders.
import { readFileSync } from 'node:fs'

const KIB = 1024
const SIZES = [64, KIB, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, 1024 * KIB]

/** What one process may have open, less what it needs besides sockets, at two sockets per connection. */
const maxOpenFiles = Number(
  /^Max open files\s+\d+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? 1024,
)
export const MOST_CONNECTIONS = Math.min(9000, Math.floor((maxOpenFiles - 1300) / 2))

/**
 * A load: `family` (loads of one family run in one start of each contender), `groups` of the generator, of which
 * `about` is the one whose round trips are reported, `ms` of measuring after `warmMs` of the same unmeasured,
 * `mostRounds` where more would tell nothing new. Core loads are those of the README.
 */
function load(family, name, title, groups, options = {}) {
  const connections = groups.reduce((sum, group) => sum + group.connections, 0)
  return {
    family,
    name,
    title,
    groups,
    connections,
    about: groups.length - 1,
    ms: 400,
    warmMs: 100,
    isCore: false,
    mostRounds: Number.POSITIVE_INFINITY,
    ...options,
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

/** A few first, so that what a process needs once is not counted as the others'. */
function idleGroups(connections) {
  const few = Math.floor(connections / 9)
  return [idle(few), idle(connections - few, { late: 1 })]
}

function bulkLoads(family, counts, directions, options = {}) {
  return directions.flatMap((direction) =>
    counts.map((count) => {
      const isCore = family === 'bulk' && direction === 'down' && count <= 64
      const title = `bulk ${direction}, ${plural(count)}${family === 'veth' ? ', MTU 1500' : ''}`
      return load(family, `${family}-${count}-${direction}`, title, [bulk(count, direction)], {
        isCore,
        ...options,
      })
    }),
  )
}

const CORE_REQUESTS = new Set(['64B-64', '16KiB-64', '64KiB-16', '256KiB-16'])

function requestLoads() {
  return SIZES.flatMap((bytes) =>
    [1, 16, 64, 1000].map((count) => {
      const size = sizeText(bytes)
      const name = `${size.replace(' ', '')}-${count}`
      const options = { isCore: CORE_REQUESTS.has(name), ms: 250, warmMs: 50 }
      return load(
        'request',
        `request-${name}`,
        `${size} responses, ${plural(count)}`,
        [request(count, bytes)],
        options,
      )
    }),
  )
}

export const LOADS = [
  ...bulkLoads('bulk', [1, 8, 64, 512], ['down', 'up', 'both']),
  ...requestLoads(),
  // Whoever compiles while running has done so after 20,000 connections; a front door runs for weeks.
  load('connect', 'connect', 'connect, 64 B, close, 16 at once', [{ kind: 'connect', connections: 16 }], {
    isCore: true,
    ms: 800,
    warmMs: 1500,
  }),
  load('idle', 'idle', `${MOST_CONNECTIONS} idle connections`, idleGroups(MOST_CONNECTIONS), {
    isCore: true,
    mostRounds: 3,
    ms: 1,
    warmMs: 0,
  }),
  ...[10, MOST_CONNECTIONS - 64].map((count) => {
    const groups = [idle(count), request(64, 64)]
    return load(
      'beside-idle',
      `beside-idle-${count === 10 ? 'few' : 'many'}`,
      `64 B, 64 connections beside ${count} idle`,
      groups,
    )
  }),
  load(
    'probe',
    'probe',
    '100 messages/s beside 8 bulk connections',
    [bulk(8, 'down'), request(1, 64, { 'every-us': 10_000 })],
    { isCore: true, ms: 2000 },
  ),
  ...bulkLoads('veth', [1, 8, 64], ['down'], { needsNamespaces: true }),
  load('slow', 'slow', '64 B, 8 connections beside 8 readers of 1 MB/s', [
    bulk(8, 'down', { 'read-rate': 1_000_000 }),
    request(8, 64),
  ]),
  load(
    'loop',
    'loop',
    'timers under full load (8 bulk both ways, 64 asking)',
    [bulk(8, 'both'), request(64, 64)],
    { ms: 1000 },
  ),
  load('syscalls', 'syscalls-bulk', 'system calls: bulk down, 8 connections', [bulk(8, 'down')], {
    mostRounds: 1,
  }),
  load('syscalls', 'syscalls-request', 'system calls: 64 B, 64 connections', [request(64, 64)], {
    mostRounds: 1,
  }),
]

/** The same loads with sizes for a smoke test: one of each family, short, few connections, every byte counted. */
export function smokeLoads() {
  const chosen = new Map(LOADS.map((each) => [each.family, each]))
  return [...chosen.values()].map((each) => ({
    ...each,
    groups: each.groups.map((group) => ({ ...group, connections: Math.min(group.connections, 50) })),
    ms: 100,
    warmMs: 0,
  }))
}

/** Arguments of the load generator for groups. */
export function groupArguments(groups) {
  return groups.map(({ kind, ...properties }) => {
    const pairs = Object.entries(properties).map(([name, value]) => `${name}=${value}`)
    return `${kind}:${pairs.join(',')}`
  })
}

function plural(count) {
  return count === 1 ? '1 connection' : `${count} connections`
}

function sizeText(bytes) {
  if (bytes < KIB) return `${bytes} B`
  return bytes < KIB * KIB ? `${bytes / KIB} KiB` : `${bytes / KIB / KIB} MiB`
}
