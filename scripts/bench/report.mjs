// Prints what a run has found, as tables for a terminal.
import { FIGURES } from './figures.mjs'
import {
  bestOf,
  formatFigure,
  labelOf,
  othersBusy,
  oursIn,
  ratioOf,
  rivalsIn,
  summaryOf,
} from './results.mjs'
import { countVerdicts } from './targets.mjs'

/** A load generator busier than this may itself be what limits a contender's throughput. */
const BUSY = 0.95

export function printReport(loads, checks, { machine, commit }, failures) {
  for (const load of loads) printLoad(load)
  printChecks(checks)
  console.log(`\n${machine.cpu}, ${machine.cores} cores, ${machine.kernel}; commit ${commit}`)
  console.log(`Other processes kept ${othersBusy(loads) ?? '?'} cores busy. ${confidenceText(loads)}`)
  for (const { load, contender, message } of failures) console.log(`FAILED ${load}, ${contender}: ${message}`)
}

/** Those figures a load has, in the order of the table. */
export const figuresOf = (load) =>
  Object.keys(FIGURES).filter((figure) =>
    load.contenders.some(({ name }) => summaryOf(load, name, figure) !== undefined),
  )

function printLoad(load) {
  const figures = figuresOf(load)
  const rows = load.contenders.map(({ name, label }) => [
    label,
    ...figures.map((figure) => cell(load, name, figure)),
  ])
  const ratios = figures.map((figure) => ratioCell(load, figure))
  console.log(`\n${load.title} (${load.name})`)
  const table = [['', ...figures.map((figure) => FIGURES[figure].label)], ...rows]
  printTable(ratios.some((ratio) => ratio !== '') ? [...table, ['millrace / best rival', ...ratios]] : table)
  if (load.contenders.some(({ name }) => summaryOf(load, name, 'loadBusy')?.median > BUSY))
    console.log(`  (where the generator is busier than ${BUSY}, the contender might have moved more)`)
}

/** A contender's figure as text: the median and its interval. */
export function cell(load, name, figure) {
  const summary = summaryOf(load, name, figure)
  if (summary === undefined) return '–'
  const [median, low, high] = [summary.median, summary.low, summary.high].map((value) =>
    formatFigure(figure, value),
  )
  return low === high ? median : `${median} (${low}–${high})`
}

/** Ours to the best rival's, named; empty where either is missing or the figure is not judged. */
export function ratioCell(load, figure) {
  const comparison = compareToBest(load, figure)
  return comparison === undefined ? '' : `${ratioText(comparison.ratio)} ${labelOf(load, comparison.rival)}`
}

/** The best rival at a figure and ours divided by it; undefined where either is missing. */
export function compareToBest(load, figure) {
  const ours = oursIn(load)
  const rival = FIGURES[figure].better && bestOf(load, rivalsIn(load), figure)
  const ratio = ours && rival && ratioOf(load, ours, rival, figure)
  return ratio ? { ours, rival, ratio } : undefined
}

export const ratioText = ({ median, low, high }) =>
  `× ${median.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`

/** How sure the intervals of these loads are, as a sentence. */
export function confidenceText(loads) {
  const confidences = loads.flatMap((load) =>
    load.contenders.filter(({ rounds }) => rounds.length > 1).map(({ name }) => confidenceAt(load, name)),
  )
  if (confidences.length === 0) return 'With one round there are no intervals.'
  const percent = Math.floor(100 * Math.min(...confidences))
  return `An interval contains the true median with a probability of at least ${percent} %.`
}

const confidenceAt = (load, name) => summaryOf(load, name, figuresOf(load)[0])?.confidence ?? 1

function printTable(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  for (const row of rows) {
    const cells = row.map((text, column) =>
      column === 0 ? text.padEnd(widths[0]) : text.padStart(widths[column]),
    )
    console.log(`  ${cells.join('  ')}`.trimEnd())
  }
}

function printChecks(checks) {
  if (checks.length === 0) return
  const { met, unclear, missed } = countVerdicts(checks)
  console.log(`\nTargets: ${met} met, ${unclear} unclear, ${missed} missed`)
  for (const { load, what, limit, verdict, ...ratio } of checks.filter((each) => each.verdict !== 'met'))
    console.log(`  ${verdict}: ${load}, ${what}: ${ratioText(ratio).slice(2)}, limit ${limit}`)
}
