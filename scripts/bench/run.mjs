// `npm run bench`: everybody against the same loads in the same layout (proxy on core 1, load on core 0), one at
// a time, in rounds, so that a noisy minute hurts all alike. Exits with 1 when any contender lost or added a byte.
import { spawnSync } from 'node:child_process'
import { buildPrograms } from './build.mjs'
import { listContenders, reasonMissing, startContender } from './contenders.mjs'
import { measure, reasonImpossible } from './families.mjs'
import { LOADS } from './loads.mjs'
import { parseOptions } from './options.mjs'
import { makeNamespaces, stop } from './processes.mjs'
import { writeFiles } from './readme.mjs'
import { printReport } from './report.mjs'
import { makeResults } from './results.mjs'
import { checkTargets } from './targets.mjs'

// A process that has just started still compiles, faults pages in and sizes its buffers, each in its own way:
// everybody gets the first load of a family once, unmeasured.
const WARM_UP_MS = 700
const NOT_WARMED = new Set(['idle', 'syscalls', 'loop'])
const LOAD_CORE = 0
const PROXY_CORE = 1

const options = parseOptions(process.argv.slice(2))
const programs = buildPrograms()
const everybody = listContenders(programs)
refuseUnknown(options.names)
const contenders = everybody.filter(isAvailable)
// Reading counters must not take time from the proxy.
spawnSync('taskset', ['-pc', String(LOAD_CORE), String(process.pid)])

const samples = new Map()
const failures = []
const startedAt = performance.now()
for (const family of new Set(LOADS.map((load) => load.family))) {
  const loads = options.loads.filter((load) => load.family === family)
  if (loads.length > 0) await runFamily(family, loads)
}
const seconds = Math.round((performance.now() - startedAt) / 1000)
report(makeResults({ loads: options.loads, contenders, samples, failures, rounds: options.rounds, seconds }))
process.exit(failures.length === 0 ? 0 : 1)

function report(results) {
  if (options.isSmoke) {
    return console.log(`${samples.size} runs with every byte accounted for, ${failures.length} failed`)
  }
  const checks = checkTargets(results)
  printReport(results, checks)
  writeFiles(results, checks, options.writesReadme)
}

function refuseUnknown(names) {
  const known = everybody.map(({ name }) => name)
  const unknown = names.filter((name) => !known.includes(name))
  if (unknown.length === 0) return
  console.error(`no contender is called "${unknown.join('", "')}"; there are ${known.join(', ')}`)
  process.exit(2)
}

function isAvailable(contender) {
  if (!options.isChosen(contender)) return false
  const reason = reasonMissing(contender)
  if (reason !== undefined) console.log(`${contender.name} is missing: ${reason}`)
  return reason === undefined
}

async function runFamily(family, loads) {
  const namespaces = loads[0].needsNamespaces ? makeNamespaces() : undefined
  const reason = namespaces?.reason ?? reasonImpossible(family)
  if (reason !== undefined) return console.log(`${family} is left out: ${reason}`)
  const runners = contenders.filter((contender) => loads.some(contender.takesPart))
  const rounds = Math.min(options.rounds, ...loads.map(({ mostRounds }) => mostRounds))
  for (let round = 0; round < rounds; ++round) {
    // The first is another each time, so that a bad minute does not always meet the same.
    for (let i = 0; i < runners.length; ++i)
      await runContender(runners[(i + round) % runners.length], loads, namespaces)
    console.log(`${family}: round ${round + 1} of ${rounds}`)
  }
}

async function runContender(contender, loads, namespaces) {
  let at
  try {
    at = await startContender(contender, { core: PROXY_CORE, namespaces })
  } catch (error) {
    return fail(loads[0].family, contender, error)
  }
  const place = { program: programs.load, core: LOAD_CORE, namespace: namespaces?.load.name }
  const own = loads.filter(contender.takesPart)
  for (const load of own) {
    try {
      if (load === own[0] && !options.isSmoke && !NOT_WARMED.has(load.family)) {
        await measure({ ...load, ms: WARM_UP_MS }, place, at)
      }
      addSample(load, contender, await measure(load, place, at))
    } catch (error) {
      // What it still holds of this load would be counted in the next: its other loads wait for the next round.
      fail(load.name, contender, error)
      break
    }
  }
  if (at.child !== undefined) await stop(at.child)
}

function fail(load, contender, { message }) {
  failures.push({ load, contender: contender.name, message })
  console.error(`FAILED ${load}, ${contender.name}: ${message}`)
}

function addSample(load, contender, figures) {
  const key = `${load.name} ${contender.name}`
  if (!samples.has(key)) samples.set(key, [])
  samples.get(key).push(figures)
}
