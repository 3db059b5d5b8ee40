/**
 * `npm run soak`: millrace in front of real backends that are killed, hang, are taken out and come back, while clients
 * make connections without a pause. It ends with 1 if a connection was lost that a backend could have served, or if
 * memory, file descriptors or workers were lost. `judge.mjs` defines what lost means.
 */
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { start } from '../bench/processes.mjs'
import { startBackends } from './backends.mjs'
import { Failures } from './failures.mjs'
import { Faults } from './faults.mjs'
import { Millrace } from './millrace.mjs'
import { parseOptions } from './options.mjs'
import { Random } from './random.mjs'
import { reasonsOf, summaryOf } from './report.mjs'
import { servicesHere } from './services.mjs'
import { Timeline } from './timeline.mjs'

const MINUTE_MS = 60_000
const WARM_MS = 5_000
const LOOK_MS = 250
const MOST_SHOWN = 20

const { minutes, seed, workers, rate } = parseOptions(process.argv.slice(2))
console.log(`soak: --minutes ${minutes} --seed ${seed} --workers ${workers} --rate ${rate}`)
const services = servicesHere()
const backends = (await Promise.all(services.map(startBackends))).flat()
const millrace = new Millrace(services, workers)
const timeline = new Timeline(backends.map(({ address }) => address))
const faults = new Faults({ backends, millrace, timeline, random: new Random(seed) })
const failures = new Failures({ services, records: millrace.records, timeline, print: console.log })
const counts = { made: 0, done: 0, failed: 0, heldBack: 0 }
let beganAt = Date.now()

await millrace.start()
console.log(`soak: millrace is process ${millrace.child.pid}`)
const looks = setInterval(() => failures.judge(), LOOK_MS)
const reasons = await soak(minutes * MINUTE_MS)
clearInterval(looks)
for (const line of millrace.unexpected.slice(0, MOST_SHOWN)) console.log(`unexpected: ${line}`)
console.log(reasons.length === 0 ? 'soak: passed' : `soak: FAILED (--seed ${seed}): ${reasons.join('; ')}`)
process.exit(reasons.length === 0 ? 0 : 1)

/** Answers why it failed. Memory and fds are compared without load, and the first load does not count. */
async function soak(lasts) {
  await runClients(async () => await sleep(Math.min(WARM_MS, lasts / 4)))
  await millrace.idle()
  const before = await millrace.usage()
  beganAt = Date.now()
  const summaries = setInterval(printSummary, MINUTE_MS)
  await runClients(async () => await faults.runUntil(beganAt + lasts))
  clearInterval(summaries)
  const left = await millrace.idle()
  while (!failures.areJudged) await sleep(LOOK_MS)
  const after = await millrace.usage()
  await printSummary()
  const exitCode = await millrace.stop()
  const unexpected = millrace.unexpected.length
  return reasonsOf({ verdicts: failures.verdicts, before, after, left, unexpected, exitCode })
}

/** Runs clients as long as `work` does, and waits until they have ended. */
async function runClients(work) {
  const told = services.map(({ name, port, share }) => ({ name, port, perSecond: share * rate }))
  const file = join(import.meta.dirname, 'clients.mjs')
  const child = start([process.execPath, file, JSON.stringify(told), seed], { stdout: 'pipe' })
  createInterface({ input: child.stdout }).on('line', (line) => take(JSON.parse(line)))
  const how = await Promise.race([work(), child.ended])
  if (how !== undefined) throw new Error(`the clients ended with ${how}: ${child.errorText}`)
  child.stdin.end()
  await child.ended
}

function take({ counts: more, failure }) {
  if (failure !== undefined) failures.add(failure)
  for (const name of Object.keys(counts)) counts[name] += more?.[name] ?? 0
}

async function printSummary() {
  const usage = await millrace.usage()
  const { verdicts } = failures
  const unexpected = millrace.unexpected.length
  const lasted = (Date.now() - beganAt) / MINUTE_MS
  console.log(summaryOf({ minutes: lasted, counts, verdicts, faults: faults.counts, usage, unexpected }))
}
