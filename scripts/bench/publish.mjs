// The content of docs/benchmarks.json: what was measured on what, the verdicts, and of each contender at each load the
// median of every figure with its interval. A line per contender: it is to be read by programs, and compared by people.
import { FIGURES } from './figures.mjs'
import { summaryOf } from './results.mjs'

const DIGITS = 4

export function publish(loads, checks, setting, failures) {
  const { date: _, ...rest } = setting
  const parts = [
    ...Object.entries({ ...rest, failures }).map(([name, value]) => `"${name}": ${JSON.stringify(value)}`),
    `"checks": ${list(checks.map(roundAll))}`,
    `"loads": ${list(loads.flatMap(linesOf))}`,
  ]
  return `{\n${parts.join(',\n')}\n}\n`
}

const list = (lines) => `[\n${lines.map((line) => `  ${JSON.stringify(line)}`).join(',\n')}\n]`

function linesOf(load) {
  return load.contenders.map(({ name, kind, rounds }) => ({
    load: load.name,
    date: load.date,
    contender: name,
    kind,
    rounds: rounds.length,
    figures: Object.fromEntries(
      Object.keys(FIGURES).flatMap((figure) => {
        const summary = summaryOf(load, name, figure)
        return summary === undefined
          ? []
          : [[figure, [summary.median, summary.low, summary.high].map(rounded)]]
      }),
    ),
  }))
}

const rounded = (value) => Number(value.toPrecision(DIGITS))

const roundAll = (check) => ({
  ...check,
  ...Object.fromEntries(['median', 'low', 'high'].map((name) => [name, rounded(check[name])])),
})
