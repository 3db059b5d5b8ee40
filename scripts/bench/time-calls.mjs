// How long a call takes that is much shorter than a look at the clock.

const CALLS_PER_LOOK = 20

/** ns of `call(index)`: the median of `runs` runs of at least `runNs` each. */
export function nsPerCall(call, { runs, runNs }) {
  const all = Array.from({ length: runs }, () => runOf(call, runNs)).toSorted((a, b) => a - b)
  return all[runs >> 1]
}

function runOf(call, runNs) {
  let calls = 0
  const beganAt = process.hrtime.bigint()
  let elapsedNs = 0
  while (elapsedNs < runNs) {
    for (let i = 0; i < CALLS_PER_LOOK; ++i) call(calls + i)
    calls += CALLS_PER_LOOK
    elapsedNs = Number(process.hrtime.bigint() - beganAt)
  }
  return elapsedNs / calls
}
