// Puts a run's figures where people read them: a short table into README.md and all of them into
// docs/benchmarks.md, both between markers, so that what is written around them stays.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { drawChart } from './chart.mjs'
import { FIGURES } from './figures.mjs'
import { ratioToBest } from './report.mjs'
import { bestOf, formatFigure, medianOf } from './results.mjs'

const ROOT = join(import.meta.dirname, '../..')
const BEGIN = '<!-- bench -->'
const END = '<!-- /bench -->'

const COLUMNS = [
  ['millrace', 'millrace'],
  ['c-splice', 'C splice loop'],
  ['haproxy-splice', 'HAProxy splice'],
  ['haproxy-copy', 'HAProxy copy'],
  ['nginx', 'nginx stream'],
  ['socat', 'socat'],
  ['node-pipe', '`a.pipe(b)`'],
]

/** The figures of a load worth a line in the README. */
const SHORT = {
  bulk: ['cpuPerGb', 'gbPerSecond'],
  request: ['perCpuSecond', 'p99Micros'],
  connect: ['cpuMicros'],
  idle: ['kibPerConnection'],
  probe: ['p99Micros'],
}

const INTRODUCTION = `# Benchmarks

Made by \`npm run bench -- --write-readme\`; the raw figures are in [benchmarks.json](benchmarks.json). Everybody runs in the same
layout: the proxy on one core, the load generator (clients and backend) on the other, one contender at a time, in
rounds. Figures are medians of the rounds, with the least and the most. The configs are in
[scripts/bench/contenders](../scripts/bench/contenders), the loads in [scripts/bench/loads.mjs](../scripts/bench/loads.mjs).
A run fails when a single byte is missing or too many, in anybody's stream.

CPU of the proxy counts all its threads and processes; that of the machine counts everybody, since on loopback the
receiver's work is done by whoever sends. *Generator busy* is the share of its core the load generator used: near 1,
a contender could have moved more than is shown, and CPU per GB or per round trip says more than GB/s.
`

/**
 * Writes benchmarks.json and benchmarks.svg: into docs/, with the tables, when `isForReaders`, otherwise into
 * the cache beside the built programs.
 */
export function writeFiles(results, checks, isForReaders) {
  const directory = join(ROOT, isForReaders ? 'docs' : 'node_modules/.cache/millrace-bench')
  mkdirSync(directory, { recursive: true })
  writeFileSync(
    join(directory, 'benchmarks.json'),
    `${JSON.stringify({ ...results, checks }, undefined, 1)}\n`,
  )
  const chart = drawChart(results)
  if (chart !== undefined) writeFileSync(join(directory, 'benchmarks.svg'), chart)
  console.log(`\nwritten: ${relative(process.cwd(), directory)}/benchmarks.json and .svg`)
  if (!isForReaders) return
  replaceBetween('README.md', '# millrace\n', summary(results))
  replaceBetween('docs/benchmarks.md', INTRODUCTION, details(results, checks))
}

function replaceBetween(name, otherwise, text) {
  const path = join(ROOT, name)
  const old = existsSync(path) ? readFileSync(path, 'utf8') : otherwise
  const [begin, end] = [old.indexOf(BEGIN), old.indexOf(END)]
  const block = `${BEGIN}\n${text}\n${END}`
  const isMarked = begin >= 0 && end > begin
  writeFileSync(
    path,
    isMarked ? old.slice(0, begin) + block + old.slice(end + END.length) : `${old.trimEnd()}\n\n${block}\n`,
  )
}

function summary(results) {
  const loads = results.loads.filter((load) => load.isCore && load.family in SHORT)
  const columns = COLUMNS.filter(([name]) =>
    loads.some((load) => load.contenders.some((each) => each.name === name)),
  )
  const rows = loads.flatMap((load) => SHORT[load.family].map((figure) => shortRow(load, figure, columns)))
  return [
    ...table(['load, figure', ...columns.map(([, heading]) => heading)], rows),
    '',
    setting(results),
  ].join('\n')
}

function shortRow(load, figure, columns) {
  const names = columns.map(([name]) => name)
  const best = bestOf(load, names, figure)
  const cells = names.map((name) => {
    const median = medianOf(load, name, figure)
    if (median === undefined) return '–'
    return median === best ? `**${formatFigure(figure, median)}**` : formatFigure(figure, median)
  })
  return [`${load.title}: ${FIGURES[figure].label}`, ...cells]
}

function details(results, checks) {
  const parts = results.loads.filter((load) => load.contenders.length > 0).map(loadSection)
  return [setting(results), '', '![chart](benchmarks.svg)', '', ...targetSection(checks), ...parts].join('\n')
}

function setting({ date, machine, versions, rounds, othersBusy, commit }) {
  const { cpu, cores, isVirtual, memoryGib, kernel, tcpReadBytes, tcpWriteBytes } = machine
  const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return `${date}, commit ${commit}. ${cpu}, ${cores} cores${isVirtual ? ' of a virtual machine' : ''}, ${memoryGib} GiB, ${kernel},
tcp_rmem ${tcpReadBytes}, tcp_wmem ${tcpWriteBytes}. ${programs.join(', ')}. Medians of ${rounds} rounds; other
processes kept ${othersBusy ?? '?'} cores busy meanwhile.`
}

function targetSection(checks) {
  if (checks.length === 0) return []
  const rows = checks.map(({ load, what, value, limit, isMet }) => [
    load,
    what,
    value.toFixed(2),
    String(limit),
    isMet ? 'yes' : '**no**',
  ])
  return ['## Targets', '', ...table(['load', 'figure', 'measured', 'limit', 'met'], rows), '']
}

function loadSection(load) {
  const figures = Object.keys(FIGURES).filter((figure) =>
    load.contenders.some((contender) => figure in contender.figures),
  )
  const rows = load.contenders.map((contender) => [
    contender.label,
    ...figures.map((figure) => longCell(contender, figure)),
  ])
  const ratios = ['*millrace / best rival*', ...figures.map((figure) => ratioToBest(load, figure))]
  return [
    `## ${load.title}`,
    '',
    ...table(['', ...figures.map((figure) => FIGURES[figure].label)], [...rows, ratios]),
    '',
  ].join('\n')
}

function longCell({ figures }, figure) {
  if (figures[figure] === undefined) return '–'
  const { median, min, max } = figures[figure]
  return `${formatFigure(figure, median)} (${formatFigure(figure, min)}–${formatFigure(figure, max)})`
}

function table(headings, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`
  return [line(headings), line(headings.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)]
}
