// The outcome of a bench run as one plain object, the content of its JSON file: medians with least and most of
// the rounds, what they were measured on, and how they stand to the best rival.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { arch, cpus, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { versionOf } from './contenders.mjs'
import { FIGURES, summarize } from './figures.mjs'

const ROOT = join(import.meta.dirname, '../..')

/** `samples` maps `LOAD CONTENDER` to the figures of each round. */
export function makeResults({ loads, contenders, samples, failures, rounds, seconds }) {
  return {
    date: new Date().toISOString().slice(0, 10),
    commit:
      git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain') === '' ? '' : ' with changes'),
    machine: machine(),
    versions: versions(contenders),
    rounds,
    othersBusy: othersBusy(samples),
    seconds,
    failures,
    loads: loads.map(({ name, family, title, isCore }) => {
      const entries = contenders.flatMap((contender) =>
        summarizeRounds(contender, samples.get(`${name} ${contender.name}`)),
      )
      return { name, family, title, isCore, contenders: entries }
    }),
  }
}

/** Median over all runs of the cores that were taken by strangers: how quiet the machine was. */
function othersBusy(samples) {
  const all = [...samples.values()].flat().flatMap((figures) => figures.othersBusy ?? [])
  return all.length === 0 ? undefined : Number(summarize(all).median.toFixed(2))
}

function summarizeRounds({ name, label, kind }, rounds) {
  if (rounds === undefined) return []
  const figures = Object.keys(FIGURES).flatMap((figure) => {
    const measured = rounds.flatMap((round) => round[figure] ?? [])
    return measured.length === 0 ? [] : [[figure, summarize(measured)]]
  })
  return [{ name, label, kind, figures: Object.fromEntries(figures) }]
}

/** A contender's median, or undefined where it did not take part or has no such figure. */
export function medianOf(load, contender, figure) {
  return load.contenders.find(({ name }) => name === contender)?.figures[figure]?.median
}

/** The best median among `names`; undefined where none has one. */
export function bestOf(load, names, figure) {
  const medians = names.map((name) => medianOf(load, name, figure)).filter((median) => median !== undefined)
  if (medians.length === 0) return undefined
  return FIGURES[figure].better === 'more' ? Math.max(...medians) : Math.min(...medians)
}

export function rivalsIn(load) {
  return load.contenders.filter(({ kind }) => kind === 'rival').map(({ name }) => name)
}

/** A figure's number as it is printed everywhere. */
export function formatFigure(figure, value) {
  const { digits } = FIGURES[figure]
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
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
  const rivals = contenders.filter((contender) => contender.version !== undefined)
  const found = rivals.map((rival) => [rival.version[0], versionOf(rival.version)])
  return {
    millrace: version,
    node: process.versions.node,
    'g++': versionOf(['g++', '--version']),
    ...Object.fromEntries(found),
  }
}

const sysctl = (name) => readFileSync(`/proc/sys/net/ipv4/${name}`, 'utf8').trim().replaceAll('\t', ' ')
const git = (...args) => spawnSync('git', args, { cwd: ROOT, encoding: 'utf8' }).stdout?.trim() ?? ''
