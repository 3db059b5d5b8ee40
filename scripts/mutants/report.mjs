/** Prints verdicts: a line for each, and the score. Pure. */

export function lineOf({ kind, mutant, test, by, seconds }) {
  if (kind === 'red') return `red without any mutant: ${test.path} ${test.name ?? ''}\n  ${by}`
  const head = `${kind.padEnd(10)} ${mutant.id} (${seconds.toFixed(1)} s)`
  return by === undefined ? `${head}\n  ${mutant.wrong}` : `${head} ${by}`
}

/** The survivors with their places, the mutants without a verdict, and how many of the others were found. */
export function summaryOf(verdicts) {
  const of = (kind) => verdicts.filter((verdict) => verdict.kind === kind)
  const [found, survived, notJudged] = [of('found'), of('survived'), of('not judged')]
  const judged = found.length + survived.length
  const share = judged === 0 ? '' : ` (${((100 * found.length) / judged).toFixed(1)} %)`
  return [
    ...(survived.length === 0 ? [] : ['', 'No test finds:', ...survived.flatMap(survivorLines)]),
    ...(notJudged.length === 0
      ? []
      : ['', 'Not judged:', ...notJudged.map(({ mutant }) => `  ${mutant.id}`)]),
    '',
    `score: ${found.length} of ${judged} found${share}`,
  ].join('\n')
}

function survivorLines({ mutant, line }) {
  const { file, id, wrong, was, becomes } = mutant
  return [`  ${file}:${line}  ${id}  ${wrong}`, `    - ${was}`, `    + ${becomes}`]
}
