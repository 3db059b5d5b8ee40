// Runs loads in paired rounds. All contenders of a session are there at once, and all but the measured one
// are suspended. In each round a load runs with one contender after the other. So a noisy minute affects all
// of them, and ratios compare neighbours. The order rotates.
import { takesPart } from './contenders.mjs'
import { measure, reasonImpossible, warmUp } from './families.mjs'
import { networkFor } from './network.mjs'
import { resume, stop, suspend } from './processes.mjs'
import { backendAddress, startContender } from './session.mjs'
import { startBackend } from './tools.mjs'

const PROXY_CORE = 1
export const LOAD_CORE = 0
// V8 optimises code that has run some thousand times. After 1.5 s of bulk, a sixth of the CPU was still its
// compiler's.
const WARM_UP_MS = 4000
const QUICK_WARM_UP_MS = 300
/** A contender that fails this often in a session is left out of the rest of it. */
const MOST_FAILURES = 3

/** Groups loads that share their contenders, in the order in which they run. */
export function groupIntoSessions(loads) {
  const sessions = new Map()
  for (const load of loads) {
    const { family, network, congestion, ends, tool } = load
    const key = [family, network, congestion, ends, tool].join(' ')
    sessions.set(key, [...(sessions.get(key) ?? []), load])
  }
  return [...sessions.values()]
}

/**
 * Runs a session. `options` has contenders, rounds, isSmoke, isQuick, program (of the generator),
 * `addSample(load, contender, round, figures)` and `fail(load, contender, error)`. Returns the reason if the
 * session cannot run here.
 */
export async function runSession(loads, options) {
  const [{ network: kind, congestion, ends, tool }] = loads
  const network = networkFor(kind, congestion)
  const reason = network.reason ?? reasonImpossible(loads[0])
  if (reason !== undefined) return reason
  const contenders = options.contenders.filter((each) => loads.some((load) => takesPart(each, load)))
  const place = {
    program: options.program,
    core: LOAD_CORE,
    namespace: network.load.namespace,
    compares: options.isSmoke,
  }
  const backend = await backendAddress(network, ends)
  const server = await startBackend(tool, place, backend)
  const session = { loads, options, place, entries: [], where: { network, ends, backend, core: PROXY_CORE } }
  session.entries = contenders.map((contender) => ({ contender, at: undefined, failures: 0 }))
  try {
    await runRounds(session)
  } finally {
    await Promise.all(
      [server, ...session.entries.map(({ at }) => at?.child)].map((child) => child && stop(child)),
    )
  }
  return undefined
}

async function runRounds(session) {
  const { loads, options, entries } = session
  const most = Math.min(options.rounds, ...loads.map(({ mostRounds }) => mostRounds))
  for (let round = 0; round < most; ++round) {
    for (const load of loads) {
      // Each round starts with another contender, so that a bad minute does not always meet the same one.
      for (let i = 0; i < entries.length; ++i)
        await runOnce(session, load, entries[(i + round) % entries.length], round)
    }
    if (!options.isSmoke)
      console.log(`${loads[0].family} ${loads[0].congestion}: round ${round + 1} of ${most}`)
  }
}

async function runOnce(session, load, entry, round) {
  const { contender } = entry
  const { options, place } = session
  if (!takesPart(contender, load) || entry.failures >= MOST_FAILURES) return
  try {
    if (entry.at?.child !== undefined) resume(entry.at.child)
    entry.at ??= await begin(session, load, contender)
    options.addSample(load, contender, round, await measure(load, place, entry.at))
    if (load.isFresh) await end(entry)
    else if (entry.at.child !== undefined) suspend(entry.at.child)
  } catch (error) {
    // Ends the contender, because what it still holds of this load would count in the next.
    ++entry.failures
    options.fail(load, contender, error)
    await end(entry)
  }
}

async function begin(session, load, contender) {
  const { options, place, where } = session
  const backend = load.isFresh ? await backendAddress(where.network, where.ends) : where.backend
  const at = await startContender(contender, { ...where, backend })
  if (options.isSmoke || load.isFresh || load.measure === 'syscalls') return at
  try {
    await warmUp(load, place, at, options.isQuick ? QUICK_WARM_UP_MS : WARM_UP_MS)
    return at
  } catch (error) {
    if (at.child !== undefined) await stop(at.child)
    throw error
  }
}

async function end(entry) {
  if (entry.at?.child !== undefined) await stop(entry.at.child)
  entry.at = undefined
}
