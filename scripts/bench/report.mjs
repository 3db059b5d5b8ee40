// Prints what a run has found, as tables for a terminal.
import { FIGURES } from './figures.mjs'
import { bestOf, formatFigure, medianOf, rivalsIn } from './results.mjs'

/** A generator busier than this may itself be what limits a contender's throughput. */
const BUSY = 0.95

export function printReport(results, checks) {
  for (const load of results.loads) printLoad(load)
  printChecks(checks)
  const { machine, rounds, seconds, commit, othersBusy } = results
  console.log(`\n${machine.cpu}, ${machine.cores} cores, ${machine.kernel}; commit ${commit}`)
  console.log(`${rounds} rounds in ${seconds} s; others kept ${othersBusy ?? '?'} cores busy meanwhile`)
  for (const { load, contender, message } of results.failures)
    console.log(`FAILED ${load}, ${contender}: ${message}`)
}

function printLoad(load) {
  if (load.contenders.length === 0) return
  const figures = Object.keys(FIGURES).filter((figure) =>
    load.contenders.some((contender) => figure in contender.figures),
  )
  const rows = load.contenders.map((contender) => [
    contender.label,
    ...figures.map((figure) => cell(contender, figure)),
  ])
  const ratios = figures.map((figure) => ratioToBest(load, figure))
  console.log(`\n${load.title} (${load.name})`)
  const table = [['', ...figures.map((figure) => FIGURES[figure].label)], ...rows]
  printTable(ratios.some((ratio) => ratio !== '') ? [...table, ['millrace / best rival', ...ratios]] : table)
  if (load.contenders.some(({ figures }) => figures.generatorBusy?.median > BUSY)) {
    console.log('  (where the generator is busier than 0.95, more might have come through)')
  }
}

function cell({ figures }, figure) {
  if (figures[figure] === undefined) return '–'
  const { median, min, max } = figures[figure]
  return `${formatFigure(figure, median)} (${formatFigure(figure, min)}–${formatFigure(figure, max)})`
}

/** Our median divided by the best rival's, as text; empty where either is missing or the figure is not judged. */
export function ratioToBest(load, figure) {
  const ours = load.contenders.find(({ kind }) => kind === 'ours')?.name
  const best = bestOf(load, rivalsIn(load), figure)
  if (ours === undefined || best === undefined || FIGURES[figure].better === undefined || best === 0)
    return ''
  return `× ${(medianOf(load, ours, figure) / best).toFixed(2)}`
}

function printTable(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  for (const row of rows) {
    console.log(
      `  ${row.map((text, column) => (column === 0 ? text.padEnd(widths[0]) : text.padStart(widths[column]))).join('  ')}`.trimEnd(),
    )
  }
}

function printChecks(checks) {
  if (checks.length === 0) return
  const missed = checks.filter(({ isMet }) => !isMet)
  console.log(`\nTargets: ${checks.length - missed.length} of ${checks.length} met`)
  for (const { load, what, value, limit } of missed)
    console.log(`  missed: ${load}, ${what}: ${value.toFixed(2)}, limit ${limit}`)
}
