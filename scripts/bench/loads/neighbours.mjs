// Those who share a proxy with bulk, and with readers that have paused or are slow; and what such a reader holds.
import {
  BOTH_CONTROLS,
  bulk,
  forEach,
  heldBack,
  load,
  MIB,
  plural,
  request,
  sizeName,
  sizeText,
} from './load.mjs'

const ANSWERS = [
  { count: 1, bytes: 8 * MIB },
  { count: 8, bytes: 64 },
]

function besideLoad({ count, bytes }, what, whom, others) {
  const isLarge = bytes >= MIB
  const title = `${sizeText(bytes)} responses, ${plural(count)}, beside ${whom}`
  return load('paused', `${sizeName(bytes)}-beside-${what}`, title, {
    measure: 'roundTrips',
    groups: [...others, request(count, bytes)],
    ms: isLarge ? 1000 : 500,
    hasCeiling: true,
    isQuick: isLarge && what === '1',
  })
}

const pausedText = (count) => (count === 1 ? '1 paused download' : `${count} paused downloads`)

export const neighbourLoads = () => [
  ...BOTH_CONTROLS.map((congestion) =>
    load('probe', '', '100 messages/s beside 8 bulk connections', {
      measure: 'probe',
      groups: [bulk(8, 'down'), request(1, 64, { 'every-us': 10_000 })],
      ms: 2000,
      congestion,
      hasCeiling: true,
    }),
  ),
  ...forEach([[0, 1, 10, 100], ANSWERS], (paused, answer) =>
    besideLoad(answer, String(paused), pausedText(paused), paused === 0 ? [] : [heldBack(paused)]),
  ),
  ...ANSWERS.map((answer) => besideLoad(answer, '8-slow', '8 downloads at 1 MB/s', [heldBack(8, 1_000_000)])),
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
