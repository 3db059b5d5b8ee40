// One run of the load generator: started, led through its steps, asked for its figures, seen to end well.
import { createInterface } from 'node:readline'
import { groupArguments } from './loads.mjs'
import { start, stop } from './processes.mjs'

// Longer than the generator's own limits for connecting and for draining.
const STEP_MS = 120_000

/**
 * Connects all clients of a load, warms up, then calls `measure(run)`, where `run()` runs the window and answers
 * the generator's figures; answers what `measure` answered once every connection has ended with every byte where
 * it belongs. Throws with the generator's own words when one has not.
 */
export async function withGenerator(
  { program, core, namespace },
  { listen, backend },
  groups,
  { ms, warmMs },
  measure,
) {
  const address = ({ host, port }) => `${host}:${port}`
  const flags = ['--listen', address(backend), '--connect', address(listen), '--ms', ms, '--warm-ms', warmMs]
  const commandLine = [program, ...flags.map(String), ...groupArguments(groups)]
  const child = start(commandLine, { core, namespace, stdout: 'pipe' })
  try {
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    await nextLine(lines, child)
    const answer = await measure(async () => {
      child.stdin.write('run\n')
      return JSON.parse(await nextLine(lines, child))
    })
    child.stdin.write('end\n')
    const how = await inTime(child.ended)
    if (how !== 0) throw new Error(failureOf(child, how))
    return answer
  } finally {
    await stop(child)
  }
}

async function nextLine(lines, child) {
  const { value, done } = await inTime(lines.next())
  if (done) throw new Error(failureOf(child, await child.ended))
  return value
}

function failureOf(child, how) {
  return child.errorText.trim() || `the load generator ended with ${how}`
}

async function inTime(promise) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`the load generator took more than ${STEP_MS / 1000} s`)),
      STEP_MS,
    )
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
