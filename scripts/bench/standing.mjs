// How millrace stands, a line per family and figure, the worst first. The load that stands for a family is the one at
// which ours compares worst. Pure.
import { FIGURES } from './figures.mjs'
import { compareToBest } from './report.mjs'
import { medianOf } from './statistics.mjs'

const BULK = ['cpuPerGb', 'machineCpuPerGb', 'gbPerSecond']
const ANSWERS = ['cpuMicros', 'perSecond', 'p99Micros']

const FAMILIES = [
  { title: 'bulk', loads: /^bulk-/, figures: BULK },
  { title: 'bulk, iperf3', loads: /^iperf-/, figures: BULK },
  { title: 'bulk, MTU 1500', loads: /^veth-/, figures: BULK },
  { title: 'bulk, unix sockets', loads: /^unix-(backend|listener)-\d+-/, figures: BULK },
  { title: 'wrk, 64 KiB to 8 MiB', loads: /^answers-(64KiB|1MiB|8MiB)/, figures: ANSWERS },
  { title: 'responses of 64 KiB to 8 MiB', loads: /^request-(64KiB|256KiB|1MiB|8MiB)/, figures: ANSWERS },
  {
    title: '64 KiB to 8 MiB, unix sockets',
    loads: /^unix-(backend|listener)-\d+[KM]iB/,
    figures: ANSWERS,
  },
  { title: 'responses of 64 B to 16 KiB', loads: /^request-(64B|1KiB|4KiB|16KiB)-/, figures: ANSWERS },
  { title: 'wrk, 4 KiB', loads: /^answers-4KiB/, figures: ANSWERS },
  { title: 'redis-benchmark', loads: /^redis-/, figures: ANSWERS },
  { title: 'connect, 64 B, close', loads: /^connect-/, figures: ['cpuMicros', 'machineCpuMicros'] },
  { title: 'idle connections', loads: /^idle-/, figures: ['kibPerConnection'] },
  { title: 'messages beside bulk', loads: /^probe-/, figures: ['p99Micros'] },
  {
    title: 'beside paused and slow readers',
    loads: /^paused-.*-beside-[1-9]/,
    figures: ['p99Micros', 'perSecond'],
  },
  { title: 'a paused download', loads: /^memory-/, figures: ['heldMb'] },
  {
    title: 'in a program, pipe(a, b)',
    loads: /^library-/,
    figures: ['cpuPerGb', 'gbPerSecond', 'delayP99Ms'],
  },
]

/**
 * Lines of `{ title, figure, load, ours, rival, ratio, setback, spread }`: `setback` is how many times worse than the
 * best rival ours is (below 1: better) with its interval, `spread` the least, median and greatest of it over all loads.
 */
export function standing(loads) {
  return FAMILIES.flatMap(({ title, loads: pattern, figures }) =>
    figures.flatMap((figure) => {
      const compared = loads.filter(({ name }) => pattern.test(name)).flatMap((load) => line(load, figure))
      if (compared.length === 0) return []
      const sorted = compared.toSorted((a, b) => b.setback.median - a.setback.median)
      const medians = sorted.map(({ setback }) => setback.median)
      const spread = {
        least: medians.at(-1),
        median: medianOf(medians),
        most: medians[0],
        loads: medians.length,
      }
      return [{ title, figure, ...sorted[0], spread }]
    }),
  ).toSorted((a, b) => b.setback.median - a.setback.median)
}

function line(load, figure) {
  const comparison = compareToBest(load, figure)
  return comparison === undefined
    ? []
    : [{ load, ...comparison, setback: setbackOf(comparison.ratio, figure) }]
}

function setbackOf({ median, low, high }, figure) {
  if (FIGURES[figure].better === 'less') return { median, low, high }
  return { median: 1 / median, low: 1 / high, high: 1 / low }
}
