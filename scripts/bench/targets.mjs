// What millrace promises about its speed, as ratios of paired rounds within one run, and which promises a run
// has kept. Pure. A target is met if the whole interval of the ratio keeps the limit, and missed if the whole
// interval lies beyond it. Otherwise it is unclear, also with fewer than three rounds.
import { FIGURES } from './figures.mjs'
import { bestOf, labelOf, ratioOf, rivalsIn, summaryOf } from './results.mjs'
import { verdictOf } from './statistics.mjs'

const HAPROXY = ['haproxy-splice', 'haproxy-copy']
const BULK = /^(bulk|iperf|veth|unix-(backend|listener)-\d+-)/
const ANSWERS = /^((answers|request)-(64KiB|256KiB|1MiB|8MiB)-|unix-(backend|listener)-\d+[KM]iB-)/
const MESSAGES = /^(request-(64B|1KiB|4KiB|16KiB)-(16|64|1000)-|answers-4KiB-|redis-)/
const ONE_ASKER = /^request-(64B|1KiB|4KiB|16KiB)-1-/
const BESIDE = /^paused-.*-beside-[1-9]/
const CARRIERS = ['millrace-on', 'millrace-off']

/** The same targets for two users. `subject` is ours as root, or as a user whose kernel pipes are limited. */
const bulkTargets = (loads, subject) => [
  { loads, subject, figure: 'cpuPerGb', limit: 0.95, against: 'rivals' },
  { loads, subject, figure: 'cpuPerGb', limit: 1.05, against: ['c-splice'] },
  { loads, subject, figure: 'machineCpuPerGb', limit: 1, against: 'rivals' },
  { loads, subject, figure: 'gbPerSecond', limit: 1, against: 'rivals' },
  { loads, subject, figure: 'gbPerSecond', limit: 1, against: ['millrace-off'] },
]

/**
 * `limit` is the most (for figures where less is better) or the least of ours divided by the best of
 * `against`. `against` holds names, or `rivals` for every program that one could pick instead. Without it the
 * limit is in the figure's own unit.
 */
const TARGETS = [
  ...bulkTargets(BULK, 'millrace'),
  ...bulkTargets(/^(bulk|iperf)-/, 'millrace-nobody'),
  { loads: ANSWERS, figure: 'cpuMicros', limit: 1, against: 'rivals' },
  { loads: ANSWERS, figure: 'perSecond', limit: 1, against: 'rivals' },
  { loads: ANSWERS, figure: 'p99Micros', limit: 1.1, against: 'rivals' },
  { loads: MESSAGES, figure: 'perCpuSecond', limit: 1.1, against: 'rivals' },
  { loads: ONE_ASKER, figure: 'perCpuSecond', limit: 1, against: 'rivals' },
  { loads: /^request-(64B|1KiB|4KiB|16KiB)-/, figure: 'p99Micros', limit: 1.1, against: 'rivals' },
  { loads: /^connect-/, figure: 'cpuMicros', limit: 0.9, against: HAPROXY },
  { loads: /^connect-/, figure: 'cpuMicros', limit: 0.95, against: ['nginx'] },
  {
    loads: /^connect-/,
    subject: 'millrace-logging',
    figure: 'cpuMicros',
    limit: 1.15,
    against: ['millrace'],
  },
  {
    loads: /^connect-/,
    subject: 'millrace-scraped',
    figure: 'cpuMicros',
    limit: 1.05,
    against: ['millrace-uncounted'],
  },
  ...['millrace', 'millrace-workers'].map((unlimited) => ({
    loads: /^connect-/,
    subject: `${unlimited}-limits`,
    figure: 'cpuMicros',
    limit: 1.03,
    against: [unlimited],
  })),
  { loads: /^idle-/, figure: 'kibPerConnection', limit: 0.7 },
  { loads: /^idle-/, figure: 'kernelPipes', limit: 0 },
  { loads: /^probe-/, figure: 'p99Micros', limit: 1, against: HAPROXY },
  { loads: BESIDE, figure: 'p99Micros', limit: 1, against: HAPROXY },
  { loads: BESIDE, figure: 'perSecond', limit: 1, against: HAPROXY },
  // One target for each rival, because a proxy that copies holds no kernel pipe.
  ...HAPROXY.map((rival) => ({ loads: /^memory-/, figure: 'heldMb', limit: 1, against: [rival] })),
  ...['millrace-library', 'millrace-pipe'].map((subject) => ({
    loads: /^library-timers-/,
    subject,
    figure: 'delayP99Ms',
    limit: 5,
  })),
  ...[
    ['cpuPerGb', 0.9],
    ['gbPerSecond', 1],
  ].flatMap(([figure, limit]) => [
    { loads: /^library-iperf-/, subject: 'millrace-pipe', figure, limit, against: ['node-pipe-library'] },
    { loads: /^iperf-/, subject: 'millrace-stream', figure, limit, against: ['node-pipe'] },
  ]),
  ...[
    ['cpuMicros', 0.9],
    ['perSecond', 1],
  ].map(([figure, limit]) => ({
    loads: /^(request|answers)-/,
    subject: 'millrace-stream',
    figure,
    limit,
    against: ['node-pipe'],
  })),
  { loads: /^(bulk|veth)-/, figure: 'cpuPerGb', limit: 1.05, against: CARRIERS },
  { loads: /^(request|answers)-/, figure: 'cpuMicros', limit: 1.05, against: CARRIERS },
]

/**
 * How much more a load of ours may cost beside others than without them. `without` is the load's name without
 * them.
 */
const BESIDE_TARGETS = [
  {
    loads: BESIDE,
    figure: 'p99Micros',
    limit: 1.05,
    without: (name) => name.replace(/beside-[\w-]+-/, 'beside-0-'),
  },
  {
    loads: BESIDE,
    figure: 'perSecond',
    limit: 0.95,
    without: (name) => name.replace(/beside-[\w-]+-/, 'beside-0-'),
  },
  {
    loads: /^beside-idle-many-/,
    figure: 'cpuMicros',
    limit: 1.1,
    without: (name) => name.replace('many', 'few'),
  },
]

/**
 * Every target that the loads have figures for: what it is, the ratio with its interval, the limit and the
 * verdict.
 */
export function checkTargets(loads) {
  const of = (targets, check) =>
    targets.flatMap((target) =>
      loads.filter(({ name }) => target.loads.test(name)).flatMap((load) => check(target, load, loads)),
    )
  return [...of(TARGETS, check), ...of(BESIDE_TARGETS, checkBeside)]
}

function check({ subject = 'millrace', figure, limit, against }, load) {
  const [ours, { label }] = [labelOf(load, subject), FIGURES[figure]]
  if (against === undefined)
    return conclude(load, `${ours}: ${label}`, figure, limit, summaryOf(load, subject, figure))
  const other = bestOf(load, against === 'rivals' ? rivalsIn(load) : against, figure)
  if (other === undefined) return []
  return conclude(
    load,
    `${ours} / ${labelOf(load, other)}: ${label}`,
    figure,
    limit,
    ratioOf(load, subject, other, figure),
  )
}

function checkBeside({ figure, limit, without }, load, loads) {
  const alone = loads.find(({ name }) => name === without(load.name))
  if (alone === undefined) return []
  const ratio = ratioOf(load, 'millrace', 'millrace', figure, alone)
  const what = `millrace beside the others / beside none or few: ${FIGURES[figure].label}`
  return conclude(load, what, figure, limit, ratio)
}

function conclude(load, what, figure, limit, measured) {
  if (measured === undefined) return []
  const { median, low, high } = measured
  return [
    {
      load: load.name,
      what,
      median,
      low,
      high,
      limit,
      verdict: verdictOf(measured, limit, FIGURES[figure].better),
    },
  ]
}

/** How many targets have each verdict. */
export function countVerdicts(checks) {
  const count = (verdict) => checks.filter((each) => each.verdict === verdict).length
  return { met: count('met'), unclear: count('unclear'), missed: count('missed') }
}
