// `npm run bench`: runs every contender against the same loads in the same layout (proxy on core 1,
// everything else on core 0), one at a time, in paired rounds. Exits with 1 if a contender failed: it lost,
// added or changed a byte, or lost an answer.
import { spawnSync } from 'node:child_process'
import { buildPrograms } from './build.mjs'
import { listContenders, reasonMissing } from './contenders.mjs'
import { reasonNoNamespaces } from './network.mjs'
import { parseOptions } from './options.mjs'
import { writeFiles } from './readme.mjs'
import { printReport } from './report.mjs'
import { describeSetting, summarizeLoads } from './results.mjs'
import { groupIntoSessions, LOAD_CORE, runSession } from './runner.mjs'
import { loadStored, storeLoads } from './store.mjs'
import { checkTargets } from './targets.mjs'

const options = parseOptions(process.argv.slice(2))
if (options.picks || options.isSmoke) {
  const { measurePicks } = await import('./picks.mjs')
  await measurePicks(options)
}
if (options.limits || options.isSmoke) {
  const { measureLimits } = await import('./limit-costs.mjs')
  await measureLimits(options)
}
if (options.start || options.isSmoke) {
  const { measureStarts } = await import('./starts.mjs')
  await measureStarts(options)
}
if (options.picks || options.limits || options.start) process.exit(0)
if (options.pacing) {
  const { measurePacing } = await import('./pacing.mjs')
  measurePacing()
  process.exit(0)
}
const programs = buildPrograms()
const everybody = listContenders(programs, options.also)
refuseUnknown(options.names)
const contenders = everybody.filter(isAvailable)
// Reading counters must not take time from the proxy.
spawnSync('taskset', ['-pc', String(LOAD_CORE), String(process.pid)])

const samples = []
const failures = []
const noNamespaces = reasonNoNamespaces()
if (noNamespaces !== undefined)
  console.log(`${noNamespaces}: veth and any congestion control but the machine's own are left out`)

const setting = describeSetting(contenders)
for (const loads of groupIntoSessions(options.loads)) await measureSession(loads)
report()
process.exit(failures.length === 0 ? 0 : 1)

// Keeps the results of a session at once, so that they survive a run that is ended early.
async function measureSession(loads) {
  const startedAt = performance.now()
  const [{ family, network, congestion }] = loads
  const reason = await runSession(loads, {
    ...options,
    contenders,
    program: programs.load,
    addSample,
    fail,
  }).catch((error) => fail(loads[0], { name: 'nobody' }, error) ?? error.message)
  if (reason !== undefined) return console.log(`${family} (${network}, ${congestion}) is left out: ${reason}`)
  console.log(`${family} ${congestion}: ${Math.round((performance.now() - startedAt) / 1000)} s`)
  if (options.isStored) storeLoads(summarizeLoads(loads, contenders, samples), setting, failures)
}

function report() {
  if (options.isSmoke) {
    return console.log(`${samples.length} runs with every byte accounted for, ${failures.length} failed`)
  }
  const measured = summarizeLoads(options.loads, contenders, samples)
  printReport(measured, checkTargets(measured), setting, failures)
  if (options.writesReadme) writeReadme()
}

function writeReadme() {
  const { loads, failures: stored } = loadStored(setting)
  if (loads.length === 0)
    return console.error(
      `no results are stored for commit ${setting.commit} on this machine: run npm run bench first`,
    )
  writeFiles(loads, checkTargets(loads), setting, stored)
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
  if (reason !== undefined) console.log(`${contender.name} is left out: ${reason}`)
  return reason === undefined
}

function addSample(load, contender, round, figures) {
  samples.push({ load: load.name, contender: contender.name, round, figures })
}

function fail(load, contender, { message }) {
  failures.push({ load: load.name, contender: contender.name, message })
  console.error(`FAILED ${load.name}, ${contender.name}: ${message}`)
}
