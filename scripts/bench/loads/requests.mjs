// Requests and responses of every size: from wrk, redis-benchmark and the generator, over TCP and over unix
// sockets.
import { WRK_SIZES } from '../tools.mjs'
import { bulkLoad } from './bulk.mjs'
import { BOTH_CONTROLS, forEach, load, MIB, plural, request, sizeName, sizeText } from './load.mjs'

const KIB = 1024
const SIZES = [64, KIB, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, MIB]
const WRK_CONNECTIONS = [64, 16, 16, 8]

export const toolLoads = () => [
  ...forEach([BOTH_CONTROLS, WRK_SIZES], (congestion, bytes) => {
    const connections = WRK_CONNECTIONS[WRK_SIZES.indexOf(bytes)]
    const what = `${sizeName(bytes)}-${connections}`
    return load('answers', what, `wrk, ${sizeText(bytes)} responses, ${plural(connections)}`, {
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

export const requestLoads = () =>
  requestPoints().map(([bytes, count]) => {
    const what = `${sizeName(bytes)}-${count}`
    return load('request', what, `${sizeText(bytes)} responses, ${plural(count)}`, {
      measure: 'roundTrips',
      groups: [request(count, bytes)],
      ms: bytes < MIB ? 300 : 600,
      warmMs: 50,
      variants: CARRIER_REQUESTS.has(what) ? ['millrace-on', 'millrace-off', 'millrace-stream'] : [],
      hasCeiling: true,
      isQuick: QUICK_REQUESTS.has(what),
    })
  })

export const unixLoads = () =>
  ['unix-backend', 'unix-listener']
    .flatMap((ends) => [
      ...[1, 2, 8].map((count) =>
        bulkLoad(ends, count, 'down', 'cubic', { ends, variants: ['millrace-off'] }),
      ),
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
