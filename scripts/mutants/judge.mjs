/**
 * Finds out which mutants the tests find. First the tests run without a mutant. Tests that fail then are
 * reported, and judge no mutant. A mutant is found if one of its other tests fails or does not end. If none
 * does, it has survived only if all its tests could judge.
 */

/** ms that a mutant gets in addition to three times what its tests take without it. */
const MORE_MS = 20_000
const MOST_BASELINE_MS = 300_000

const keyOf = ({ path, name }) => JSON.stringify([path, name])

/**
 * Returns a verdict for each mutant, in the same order. Calls `tell` with each verdict as soon as it is
 * known.
 */
export async function judge(mutants, copies, tell) {
  const tests = new Map(mutants.flatMap((mutant) => mutant.tests).map((test) => [keyOf(test), test]))
  const baselines = new Map()
  await shareOut([...tests], copies, async ([key, test], copy) => {
    const run = await copy.test(test, MOST_BASELINE_MS)
    baselines.set(key, { isGreen: run.isGood && run.passed > 0, ms: run.ms })
    if (!baselines.get(key).isGreen) tell({ kind: 'red', test, by: whyRed(run) })
  })
  return shareOut(mutants, copies, async (mutant, copy) => {
    const beganAt = performance.now()
    const verdict = await judgeOne(mutant, copy, (test) => baselines.get(keyOf(test)))
    const told = { mutant, seconds: (performance.now() - beganAt) / 1000, ...verdict }
    tell(told)
    return told
  })
}

async function judgeOne(mutant, copy, baselineOf) {
  const judges = mutant.tests.filter((test) => baselineOf(test).isGreen)
  const { line, problem } = await copy.apply(mutant)
  try {
    if (problem !== undefined) return { kind: 'not judged', line, by: `it does not compile\n${problem}` }
    for (const test of judges) {
      const run = await copy.test(test, baselineOf(test).ms * 3 + MORE_MS)
      if (run.isOverdue) return { kind: 'found', line, by: `${test.path} does not end` }
      if (!run.isGood)
        return { kind: 'found', line, by: `${test.path}: ${run.firstFailed ?? 'its process broke'}` }
    }
    return judges.length === mutant.tests.length
      ? { kind: 'survived', line }
      : { kind: 'not judged', line, by: 'some of its tests are red' }
  } finally {
    copy.undo()
  }
}

function whyRed({ isOverdue, isGood, firstFailed, output }) {
  if (isOverdue) return 'it does not end'
  return isGood ? 'it has no test of that name' : (firstFailed ?? output)
}

/** Each copy takes the next item when it is done with the last one. */
async function shareOut(items, copies, work) {
  const results = []
  const rest = items.entries()
  const takeOver = async (copy) => {
    for (const [index, item] of rest) results[index] = await work(item, copy)
  }
  await Promise.all(copies.map(takeOver))
  return results
}
