// What millrace promises of its speed, as ratios of medians within one run, and which of it a run has kept. Pure.
import { FIGURES } from './figures.mjs'
import { bestOf, medianOf, rivalsIn } from './results.mjs'

const HAPROXY = ['haproxy-splice', 'haproxy-copy']

/**
 * `limit` is the most (for figures where less is better) or the least of our median divided by the best of
 * `against`: names, `rivals` for everybody one could pick instead, or nothing for a limit in the figure's own unit.
 */
const TARGETS = [
  { loads: /^bulk-(8|64)-/, figure: 'cpuPerGb', limit: 0.75, against: ['haproxy-splice'] },
  { loads: /^bulk-(8|64)-/, figure: 'cpuPerGb', limit: 0.85, against: ['c-splice'] },
  { loads: /^(bulk-1-|veth-)/, figure: 'cpuPerGb', limit: 0.9, against: ['haproxy-splice'] },
  { loads: /^bulk-/, figure: 'gbPerSecond', limit: 1, against: 'rivals' },
  { loads: /^request-/, figure: 'perCpuSecond', limit: 1, against: 'rivals' },
  { loads: /^request-/, figure: 'p99Micros', limit: 1.1, against: 'rivals' },
  { loads: /^connect$/, figure: 'cpuMicros', limit: 0.9, against: HAPROXY },
  { loads: /^connect$/, figure: 'cpuMicros', limit: 1, against: ['nginx'] },
  {
    loads: /^connect$/,
    subject: 'millrace-logging',
    figure: 'cpuMicros',
    limit: 1.15,
    against: ['millrace'],
  },
  {
    loads: /^connect$/,
    subject: 'millrace-scraped',
    figure: 'cpuMicros',
    limit: 1.05,
    against: ['millrace-uncounted'],
  },
  { loads: /^idle$/, figure: 'kibPerConnection', limit: 0.7 },
  { loads: /^idle$/, figure: 'kernelPipes', limit: 0 },
  { loads: /^probe$/, figure: 'p99Micros', limit: 1, against: HAPROXY },
  { loads: /^loop$/, subject: 'millrace-library', figure: 'delayP99Ms', limit: 5 },
  { loads: /^bulk-/, subject: 'millrace-stream', figure: 'cpuPerGb', limit: 0.9, against: ['node-pipe'] },
  { loads: /^request-/, subject: 'millrace-stream', figure: 'cpuMicros', limit: 0.9, against: ['node-pipe'] },
  { loads: /^(bulk|veth)-/, figure: 'cpuPerGb', limit: 1.05, against: ['millrace-on', 'millrace-off'] },
  {
    loads: /^(request-|connect$)/,
    figure: 'cpuMicros',
    limit: 1.05,
    against: ['millrace-on', 'millrace-off'],
  },
]

/** A round trip must not cost more for the connections that are silent. */
const IDLE_LIMIT = 1.1

/** Every target the run has figures for: what it is, our value, the limit, and whether it is met. */
export function checkTargets(results) {
  const checks = TARGETS.flatMap((target) =>
    results.loads.filter(({ name }) => target.loads.test(name)).flatMap((load) => check(target, load)),
  )
  return [...checks, ...checkIdleCost(results)]
}

function check({ subject = 'millrace', figure, limit, against }, load) {
  const ours = medianOf(load, subject, figure)
  const theirs =
    against === undefined ? 1 : bestOf(load, against === 'rivals' ? rivalsIn(load) : against, figure)
  if (ours === undefined || theirs === undefined) return []
  const value = ours / theirs
  const isMet = FIGURES[figure].better === 'more' ? value >= limit : value <= limit
  const whom =
    against === undefined ? '' : ` to ${against === 'rivals' ? 'the best rival' : against.join(' or ')}`
  return [{ load: load.name, what: `${subject}: ${FIGURES[figure].label}${whom}`, value, limit, isMet }]
}

function checkIdleCost(results) {
  const costOf = (loadName) => {
    const load = results.loads.find(({ name }) => name === loadName)
    return load && medianOf(load, 'millrace', 'cpuMicros')
  }
  const few = costOf('beside-idle-few')
  const many = costOf('beside-idle-many')
  if (few === undefined || many === undefined) return []
  const what = 'millrace: proxy CPU µs each, beside many idle connections to beside few'
  return [
    { load: 'beside-idle-many', what, value: many / few, limit: IDLE_LIMIT, isMet: many / few <= IDLE_LIMIT },
  ]
}
