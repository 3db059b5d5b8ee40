// Connections that come and go, connections that wait, and connections under strace.
import { MOST_CONNECTIONS } from '../most-connections.mjs'
import { bulk, idle, load, MIB, plural, request } from './load.mjs'

const CONNECT_VARIANTS = [
  'millrace-stream',
  'millrace-logging',
  'millrace-uncounted',
  'millrace-scraped',
  'millrace-limits',
  'millrace-workers',
  'millrace-workers-limits',
]

export const connectionLoads = () => [
  // A contender that compiles while it runs has finished after 20,000 connections. A real proxy runs for
  // weeks.
  load('connect', '', 'connect, 64 B, close, 16 at once', {
    measure: 'roundTrips',
    groups: [{ kind: 'connect', connections: 16 }],
    ms: 800,
    warmMs: 1500,
    variants: CONNECT_VARIANTS,
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
    load(
      'beside-idle',
      count === 10 ? 'few' : 'many',
      `64 B responses, 64 connections, beside ${plural(count)} that are idle`,
      {
        measure: 'roundTrips',
        groups: [idle(count), request(64, 64)],
        only: ['c-splice', 'haproxy-splice', 'nginx', 'millrace'],
      },
    ),
  ),
]

/** Connects a few first, so that what a process needs once is not counted for the others. */
function idleGroups(connections) {
  const few = Math.floor(connections / 9)
  return [idle(few), idle(connections - few, { late: 1 })]
}

export const syscallLoads = () =>
  [
    ['bulk-8-down', 'bulk down, 8 connections', [bulk(8, 'down')]],
    ['bulk-8-up', 'bulk up, 8 connections', [bulk(8, 'up')]],
    ['64B-1', '64 B responses, 1 connection', [request(1, 64)]],
    ['64B-64', '64 B responses, 64 connections', [request(64, 64)]],
    ['1MiB-16', '1 MiB responses, 16 connections', [request(16, MIB)]],
    ['connect', 'connect, 64 B, close', [{ kind: 'connect', connections: 16 }]],
  ].map(([what, title, groups]) =>
    load('syscalls', what, `system calls: ${title}`, { measure: 'syscalls', groups, mostRounds: 1 }),
  )
