// Bytes as fast as they go: from the generator and from iperf3, through a separate proxy and inside a
// program.
import { LIBRARY_CONTENDERS } from '../contenders.mjs'
import { BOTH_CONTROLS, bulk, DIRECTIONS, directionText, forEach, load, plural, request } from './load.mjs'

const COUNTS = [1, 8, 64]

export function bulkLoad(family, count, direction, congestion, options = {}) {
  const isQuick = family === 'bulk' && count === 8 && direction === 'down'
  return load(family, `${count}-${direction}`, `bulk ${directionText(direction)}, ${plural(count)}`, {
    measure: 'bulk',
    groups: [bulk(count, direction)],
    congestion,
    isQuick,
    ...options,
  })
}

export function iperfLoad(family, count, direction, congestion, options = {}) {
  const title = `iperf3 ${directionText(direction)}, ${plural(count)}`
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

export const bulkLoads = () => [
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

export const libraryLoads = () => [
  ...forEach([BOTH_CONTROLS, [1, 8], DIRECTIONS], (congestion, count, direction) =>
    iperfLoad('library', count, direction, congestion, { measure: 'library', only: LIBRARY_CONTENDERS }),
  ),
  load('library', 'timers', 'timers under full load (8 bulk connections up and down, 64 with requests)', {
    measure: 'library',
    groups: [bulk(8, 'both'), request(64, 64)],
    ms: 1000,
    only: LIBRARY_CONTENDERS,
  }),
]
