// Puts figures where people read them: a short table into README.md and the rest into docs/benchmarks.md, both
// between markers, so that what is written around them stays.
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

/** Those of the tables in docs/benchmarks.md. The others are in the JSON and on the terminal. */
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

/** A line per family and figure, the worst first. */
export function readmeTable(loads, setting) {
  const rows = standing(loads).map(({ title, figure, load, ours, rival, ratio, spread }) => [
    `${title}: ${FIGURES[figure].label}`,
    load.title,
    `**${formatFigure(figure, summaryOf(load, ours, figure).median)}**`,
    `${formatFigure(figure, summaryOf(load, rival, figure).median)} ${code(labelOf(load, rival))}`,
    ratioText(ratio),
    spread.loads === 1
      ? ''
      : `${spread.median.toFixed(2)} (${spread.least.toFixed(2)}–${spread.most.toFixed(2)})`,
  ])
  const headings = [
    'family, figure',
    'its worst load',
    'millrace',
    'the best rival',
    'ratio',
    'times worse, all its loads',
  ]
  return [...table(headings, rows, 2), '', settingText(loads, setting)].join('\n')
}

function details(loads, checks, setting, failures) {
  return [
    settingText(loads, setting),
    '',
    '![chart](benchmarks.svg)',
    '',
    ...failureSection(failures),
    ...targetSection(checks),
    ...loads.map(loadSection),
  ].join('\n')
}

function settingText(loads, { machine, versions, commit }) {
  const { cpu, cores, isVirtual, memoryGib, kernel, tcpReadBytes, tcpWriteBytes } = machine
  const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return [
    `${datesText(loads)}, commit ${commit}. ${cpu}, ${cores} cores${isVirtual ? ' of a virtual machine' : ''}, ${memoryGib} GiB,`,
    `${kernel}, tcp_rmem ${tcpReadBytes}, tcp_wmem ${tcpWriteBytes}.`,
    `${programs.join(', ')}.`,
    `Medians of ${roundsText(loads)}, paired for ratios; ${confidenceText(loads)}; other processes kept`,
    `${othersBusy(loads) ?? '?'} cores busy meanwhile.`,
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
  return ['## Failed', '', ...table(['load', 'contender', 'what it said'], rows, 3), '']
}

/** Those that are missed and those that are unclear; the others are only counted. */
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
  const summary = `${met} are met (they are in the JSON), ${missed} missed, ${unclear} unclear.`
  const rows = [...rowsOf('missed'), ...rowsOf('unclear')]
  return [
    '## Targets',
    '',
    summary,
    '',
    ...table(['load', 'figure', 'measured', 'limit', 'verdict'], rows, 2),
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
