// The outcome of a bench run as plain objects, the content of its JSON files: each round of each contender, what of
// it can be said as a median with its interval, and how contenders compare round by round.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { arch, cpus, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { versionOf } from './contenders.mjs'
import { FIGURES } from './figures.mjs'
import { medianOf, ratioOfPairs, summarize } from './statistics.mjs'

const ROOT = join(import.meta.dirname, '../..')
/** What a figure depends on. Documentation may change between two parts of one run. */
const MEASURED = ['src', 'native', 'scripts', 'package.json', 'package-lock.json', 'binding.gyp']

/** `samples`: `{ load, contender, round, figures }` of each run. Loads nobody was measured at are left out. */
export function summarizeLoads(loads, contenders, samples) {
  return loads.flatMap(({ name, family, title }) => {
    const entries = contenders.flatMap((contender) => {
      const rounds = samples.filter((sample) => sample.load === name && sample.contender === contender.name)
      return rounds.length === 0 ? [] : [entryOf(contender, rounds)]
    })
    return entries.length === 0 ? [] : [{ name, family, title, contenders: entries }]
  })
}

function entryOf({ name, label, kind, isVariant = false }, samples) {
  const rounds = samples.map(({ round, figures }) => ({ round, ...figures }))
  return { name, label, kind, isVariant, rounds }
}

/** A contender's rounds of a figure, by round. */
function valuesOf(load, contender, figure) {
  const rounds = load.contenders.find(({ name }) => name === contender)?.rounds ?? []
  return new Map(
    rounds.filter((each) => each[figure] !== undefined).map((each) => [each.round, each[figure]]),
  )
}

/** Median with interval; undefined where the contender did not take part or has no such figure. */
export function summaryOf(load, contender, figure) {
  const values = [...valuesOf(load, contender, figure).values()]
  return values.length === 0 ? undefined : summarize(values)
}

/** Of `names` the one with the best median; undefined where none has the figure. */
export function bestOf(load, names, figure) {
  const measured = names.flatMap((name) => {
    const median = summaryOf(load, name, figure)?.median
    return median === undefined ? [] : [{ name, median }]
  })
  const isMoreBetter = FIGURES[figure].better === 'more'
  return measured.toSorted((a, b) => (isMoreBetter ? b.median - a.median : a.median - b.median))[0]?.name
}

/** The ratio of one contender to another, paired by rounds; `theirs` may be of another load of the same rounds. */
export function ratioOf(load, ours, theirs, figure, theirLoad = load) {
  return ratioOfPairs(valuesOf(load, ours, figure), valuesOf(theirLoad, theirs, figure))
}

export function rivalsIn(load) {
  return load.contenders.filter(({ kind }) => kind === 'rival').map(({ name }) => name)
}

/** Whose figures stand for ours at a load: millrace as it is, or, in a program, `pipe(a, b)`. */
export function oursIn(load) {
  return ['millrace', 'millrace-pipe'].find((name) => load.contenders.some((each) => each.name === name))
}

export const labelOf = (load, name) => load.contenders.find((each) => each.name === name)?.label ?? name

/** Median over all rounds of the cores that were taken by strangers: how quiet the machine was. */
export function othersBusy(loads) {
  const all = loads.flatMap((load) =>
    load.contenders.flatMap(({ rounds }) => rounds.flatMap((round) => round.othersBusy ?? [])),
  )
  return all.length === 0 ? undefined : Number(medianOf(all).toFixed(2))
}

/** A figure's number as it is printed everywhere. */
export function formatFigure(figure, value) {
  const { digits } = FIGURES[figure]
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

/** What was measured, when, and on what. */
export function describeSetting(contenders) {
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: commit(),
    machine: machine(),
    versions: versions(contenders),
  }
}

/** The last commit that changed what is measured, with a hash of what differs from it. */
function commit() {
  const changes = git('diff', 'HEAD', '--', ...MEASURED)
  const hash = createHash('sha256').update(changes).digest('hex').slice(0, 6)
  return (
    git('log', '-1', '--format=%h', '--', ...MEASURED) + (changes === '' ? '' : ` with changes (${hash})`)
  )
}

function machine() {
  const isVirtual = /^flags\s*:.*\bhypervisor\b/m.test(readFileSync('/proc/cpuinfo', 'utf8'))
  return {
    cpu: cpus()[0]?.model.trim() ?? arch(),
    cores: cpus().length,
    isVirtual,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    kernel: `Linux ${release()}`,
    tcpReadBytes: sysctl('tcp_rmem'),
    tcpWriteBytes: sysctl('tcp_wmem'),
  }
}

function versions(contenders) {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const tools = [
    ['g++', '--version'],
    ['iperf3', '--version'],
    ['wrk', '-v'],
    ['redis-benchmark', '--version'],
  ]
  const rivals = contenders.flatMap((contender) =>
    contender.version === undefined ? [] : [contender.version],
  )
  const found = [...rivals, ...tools].map((command) => [command[0].split('/').at(-1), versionOf(command)])
  return {
    millrace: version,
    node: process.versions.node,
    ...Object.fromEntries(found.filter(([, text]) => text !== undefined)),
  }
}

const sysctl = (name) => readFileSync(`/proc/sys/net/ipv4/${name}`, 'utf8').trim().replaceAll('\t', ' ')
const git = (...args) =>
  spawnSync('git', args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 28 }).stdout?.trim() ?? ''
