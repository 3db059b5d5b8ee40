// Writes the figures into the docs: a short table into README.md and all others into docs/benchmarks.md. It writes between
// markers, so the text around them stays.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { drawChart } from './chart.mjs'
import { FIGURES } from './figures.mjs'
import { publish } from './publish.mjs'
import { confidenceText, figuresOf, ratioCell, ratioText } from './report.mjs'
import { formatFigure, labelOf, othersBusy, summaryOf } from './results.mjs'
import { standing } from './standing.mjs'
import { countVerdicts } from './targets.mjs'

const ROOT = join(import.meta.dirname, '../..')
const BEGIN = '<!-- bench -->'
const END = '<!-- /bench -->'

/** The figures in the tables of docs/benchmarks.md. The JSON and the terminal show all figures. */
const SHOWN = Object.keys(FIGURES).filter(
  (figure) => !['perCpuSecond', 'p50Micros', 'p999Micros', 'delayP50Ms', 'delayMaxMs'].includes(figure),
)

/** Writes docs/benchmarks.json, .svg and .md, and the table of README.md. */
export function writeFiles(loads, checks, setting, failures) {
  const directory = join(ROOT, 'docs')
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, 'benchmarks.json'), publish(loads, checks, setting, failures))
  const chart = drawChart(loads)
  if (chart !== undefined) writeFileSync(join(directory, 'benchmarks.svg'), chart)
  replaceBetween('README.md', '# millrace\n', readmeTable(loads, setting))
  replaceBetween('docs/benchmarks.md', '# Benchmarks\n', details(loads, checks, setting, failures))
  console.log('\nwritten: README.md, docs/benchmarks.md, .json and .svg')
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

/** What README shows: some loads beside every rival, and for each family the figure at which millrace is worst. */
export function readmeTable(loads, setting) {
  return [
    ...besideRivals(loads),
    'Where millrace is worst, one line for each family of loads, the worst first:',
    '',
    ...worstTable(worstOfFamilies(standing(loads))),
    '',
    settingText(loads, setting),
  ].join('\n')
}

/** The loads that people ask for first, each with one figure. */
const BESIDE = [
  { load: 'iperf-8-down-cubic', figure: 'cpuPerGb' },
  { load: 'iperf-8-down-bbr', figure: 'cpuPerGb' },
  { load: 'iperf-8-down-cubic', figure: 'gbPerSecond' },
  {
    load: 'library-iperf-8-down-cubic',
    figure: 'cpuPerGb',
    title: 'in a program, `pipe(a, b)`: the same load',
  },
  { load: 'answers-1MiB-16-cubic', figure: 'cpuMicros' },
  { load: 'request-64B-64-cubic', figure: 'cpuMicros' },
  { load: 'request-64B-1-cubic', figure: 'cpuMicros' },
  { load: 'connect-cubic', figure: 'cpuMicros' },
  { load: 'idle-cubic', figure: 'kibPerConnection' },
]
/** A column each. A program of its own has other names for the same contenders. */
const COLUMNS = [
  ['millrace', 'millrace-pipe'],
  ['haproxy-splice'],
  ['nginx'],
  ['go'],
  ['node-pipe', 'node-pipe-library'],
]

function besideRivals(loads) {
  const rows = BESIDE.flatMap(({ load: name, figure, title }) => {
    const load = loads.find((each) => each.name === name)
    if (load === undefined) return []
    const [ours, ...rivals] = COLUMNS.map((names) => {
      const summary = names.map((each) => summaryOf(load, each, figure)).find((each) => each !== undefined)
      return summary === undefined ? '–' : formatFigure(figure, summary.median)
    })
    return [[title ?? load.title, FIGURES[figure].label, `**${ours}**`, ...rivals]]
  })
  const headings = ['load', 'figure', 'millrace', 'HAProxy splice', 'nginx', 'Go', '`a.pipe(b)`']
  return rows.length === 0 ? [] : [...table(headings, rows, 2), '']
}

/** Of each family the figure at which millrace is worst. */
function worstOfFamilies(lines) {
  const seen = new Set()
  return lines.filter(({ title }) => !seen.has(title) && seen.add(title))
}

/** A line per family and figure, the worst first. */
function worstTable(lines) {
  const rows = lines.map(({ title, figure, load, ours, rival, setback, spread }) => [
    title,
    `${load.title}: ${FIGURES[figure].label}`,
    `**${formatFigure(figure, summaryOf(load, ours, figure).median)}**`,
    `${formatFigure(figure, summaryOf(load, rival, figure).median)} ${code(labelOf(load, rival))}`,
    `${setback.median.toFixed(2)} (${setback.low.toFixed(2)}–${setback.high.toFixed(2)})`,
    spread.loads === 1
      ? ''
      : `${spread.median.toFixed(2)} (${spread.least.toFixed(2)}–${spread.most.toFixed(2)})`,
  ])
  const headings = [
    'family',
    'its worst load',
    'millrace',
    'the best rival',
    'times worse',
    'all loads of the family',
  ]
  return table(headings, rows, 2)
}

function details(loads, checks, setting, failures) {
  return [
    settingText(loads, setting),
    '',
    '![chart](benchmarks.svg)',
    '',
    ...failureSection(failures),
    '## Where millrace stands',
    '',
    'A line for each family and each figure, the worst first. The columns are those of the README.',
    '',
    ...worstTable(standing(loads)),
    '',
    ...targetSection(checks),
    ...loads.map(loadSection),
  ].join('\n')
}

function settingText(loads, { machine, versions, commit }) {
  const { cpu, cores, isVirtual, memoryGib, kernel, tcpReadBytes, tcpWriteBytes } = machine
  const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return [
    `Measured on ${datesText(loads)}, at commit ${commit}. ${cpu}, ${cores} cores${isVirtual ? ' of a virtual machine' : ''}, ${memoryGib} GiB,`,
    `${kernel}, tcp_rmem ${tcpReadBytes}, tcp_wmem ${tcpWriteBytes}.`,
    `${programs.join(', ')}.`,
    `Each value is the median of ${roundsText(loads)}. A ratio compares runs of the same round. ${confidenceText(loads)}`,
    `Other processes kept ${othersBusy(loads) ?? '?'} cores busy.`,
  ].join('\n')
}

function roundsText(loads) {
  const rounds = loads.map((load) => Math.max(...load.contenders.map((each) => each.rounds.length)))
  const [least, most] = [Math.min(...rounds), Math.max(...rounds)]
  return least === most ? `${least} rounds` : `${least} to ${most} rounds`
}

/** One date, or each with the families measured on it. */
function datesText(loads) {
  const dates = new Map()
  for (const { date, family } of loads) dates.set(date, new Set([...(dates.get(date) ?? []), family]))
  if (dates.size === 1) return [...dates.keys()][0]
  return [...dates].map(([date, families]) => `${date} (${[...families].join(', ')})`).join(', ')
}

function failureSection(failures) {
  if (failures.length === 0) return []
  const rows = failures.map(({ load, contender, message }) => [
    load,
    contender,
    message.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|').slice(0, 200),
  ])
  return ['## Failed', '', ...table(['load', 'contender', 'error'], rows, 3), '']
}

/** The table lists targets that are missed or unclear. Targets that are met are only counted. */
function targetSection(checks) {
  if (checks.length === 0) return []
  const { met, unclear, missed } = countVerdicts(checks)
  const rowsOf = (verdict) =>
    checks
      .filter((each) => each.verdict === verdict)
      .map(({ load, what, limit, ...ratio }) => [
        load,
        code(what),
        ratioText(ratio).slice(2),
        String(limit),
        verdict === 'missed' ? '**missed**' : verdict,
      ])
  const summary = [
    `millrace meets ${met} of ${checks.length} targets, misses ${missed}, and ${unclear} are unclear. This table lists the missed and the`,
    'unclear ones. [benchmarks.json](benchmarks.json) has all of them. *Measured* is the ratio, with its interval. If no rival is',
    'named, it is the figure itself. GB/s, requests/s and requests/proxy CPU second must be at or above the limit. Every other figure',
    'must be at or below it.',
  ].join('\n')
  const rows = [...rowsOf('missed'), ...rowsOf('unclear')]
  return [
    '## Targets',
    '',
    summary,
    '',
    ...table(['load', 'what is compared', 'measured', 'limit', 'verdict'], rows, 2),
    '',
  ]
}

function loadSection(load) {
  const figures = figuresOf(load).filter((figure) => SHOWN.includes(figure))
  const medianCell = (name, figure) => {
    const summary = summaryOf(load, name, figure)
    return summary === undefined ? '–' : formatFigure(figure, summary.median)
  }
  const rows = load.contenders.map(({ name, label }) => [
    code(label),
    ...figures.map((figure) => medianCell(name, figure)),
  ])
  const ratios = ['*millrace / best rival*', ...figures.map((figure) => code(ratioCell(load, figure)))]
  const headings = ['', ...figures.map((figure) => FIGURES[figure].label)]
  return [`## ${load.title}`, '', ...table(headings, [...rows, ratios]), ''].join('\n')
}

const code = (text) => text.replace(/\w+\.?\w*\(\w(, \w)?\)/, '`$&`')

/** The first `texts` columns are read from the left, the others are numbers. */
function table(headings, rows, texts = 1) {
  const line = (cells) => `| ${cells.join(' | ')} |`
  return [line(headings), line(headings.map((_, i) => (i < texts ? '---' : '---:'))), ...rows.map(line)]
}
