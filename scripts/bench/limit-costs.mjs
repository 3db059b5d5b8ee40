// What limits cost: the memory of a source, the places of a client, and lists and bans. No proxy is needed, and no rival has it.
import { closeSync, fstatSync } from 'node:fs'
import { loadNative } from '../../dist/io/kernel/native.js'
import { Claim } from '../../dist/limits/claim.js'
import { createOwnCounts } from '../../dist/limits/counts/own-counts.js'
import { SharedCounts } from '../../dist/limits/counts/shared-counts.js'
import { planOf } from '../../dist/limits/limit.js'
import { Limiter } from '../../dist/limits/limiter.js'
import { sourceOf } from '../../dist/source.js'
import { measureLists } from './list-costs.mjs'
import { nsPerCall } from './time-calls.mjs'
import { usedBytes } from './used-memory.mjs'

const WHOLE = { prefix4: 32, prefix6: 64 }
const SCOPES = 16
const PORTS = 65_536
const BLOCK_BYTES = 512
const WORKERS = [2, 4]
const THOROUGH = { runs: 7, runNs: 60e6, sources: 100_000, entries: 100_000, bans: 20_000, swaps: 7 }
/** For a smoke test: everything runs, and no figure means anything. */
const BRIEF = { runs: 1, runNs: 1e6, sources: 100, entries: 100, bans: 100, swaps: 1 }

/** Prints the figures of docs/limits.md. */
export async function measureLimits({ isSmoke }) {
  const extent = isSmoke ? BRIEF : THOROUGH
  const { native, missing } = loadNative()
  if (native === undefined) console.log(`the table that workers share is left out: ${missing}`)
  printMemory(native, extent)
  printPlaces(native, extent)
  await measureLists(extent)
}

function printMemory(native, { sources }) {
  console.log(`\n| bytes of a source, of ${sources.toLocaleString('en')} | |\n|---|---:|`)
  console.log(`| table of one process | ${ownBytes(sources).toFixed(0)} |`)
  for (const workers of native === undefined ? [] : WORKERS)
    console.log(`| shared table, ${workers} workers | ${sharedBytes(native, sources, workers).toFixed(0)} |`)
}

function ownBytes(sources) {
  const counts = createOwnCounts({ sources })
  const before = usedBytes()
  fill(counts, sources)
  return (usedBytes() - before) / [...counts.sources('process')].length
}

/** The pages that the kernel has given to the table. The supervisor is one more process than the workers. */
function sharedBytes(native, sources, workers) {
  return withShared(native, { sources, processes: workers + 1 }, (counts, fd) => {
    const pagesBytes = () => fstatSync(fd).blocks * BLOCK_BYTES
    const before = pagesBytes()
    fill(counts, sources)
    return (pagesBytes() - before) / sources
  })
}

function fill(counts, sources) {
  for (let index = 0; index < sources; ++index) {
    const { entries } = counts.take([wantOf('process', sourceOf(clientAt(index), WHOLE))])
    counts.leave(entries[0])
  }
}

function withShared(native, { sources, processes }, use) {
  const fd = native.createCounts(sources, SCOPES, processes)
  const counts = new SharedCounts(native, fd, 0)
  try {
    return use(counts, fd)
  } finally {
    counts.close()
    closeSync(fd)
  }
}

function printPlaces(native, extent) {
  const { sources } = extent
  console.log('\n| ns to take places and to give them back | 1 place | 3 places | 3 limits of a config |')
  console.log('|---|---:|---:|---:|')
  const print = (name, counts) => {
    const ns = [placesOf(counts, sources, 1), placesOf(counts, sources, 3), clientOf(counts, sources)].map(
      (call) => Math.round(nsPerCall(call, extent)).toLocaleString('en'),
    )
    console.log(`| ${name} | ${ns.join(' | ')} |`)
  }
  print('table of one process', createOwnCounts({ sources }))
  if (native !== undefined)
    withShared(native, { sources, processes: 2 }, (counts) =>
      print('shared table, nobody else in it', counts),
    )
}

/** A place of a source, then one of its listener and one of the process. They have no end, so that no limit is reached. */
function placesOf(counts, sources, places) {
  const scopes = [wantOf('listener/web'), wantOf('process')]
  const wants = Array.from({ length: sources }, (_, index) =>
    [wantOf('listener/web', sourceOf(clientAt(index), WHOLE)), ...scopes].slice(0, places),
  )
  return (index) => {
    const { entries } = counts.take(wants[index % sources])
    for (const entry of entries) counts.leave(entry)
  }
}

/** The same three places as a client of a proxy gets them: what to ask for follows from its address. */
function clientOf(counts, sources) {
  const policy = {
    maxConnections: sources,
    newPerSecond: undefined,
    bytesPerSecond: undefined,
    dryRun: false,
  }
  const perSource = { ...WHOLE, maxConnections: sources, newPerSecond: ENDLESS, bytesPerDay: 0 }
  const plan = planOf(['listener/web', { ...policy, perSource }], ['process', policy])
  const limiter = new Limiter(counts, { wouldRefuse: () => {} })
  const claim = new Claim()
  return (index) => {
    limiter.take(plan.all, clientAt(index % sources), claim)
    limiter.leave(claim)
  }
}

const ENDLESS = { perSecond: 1e9, burst: 1e9 }

const wantOf = (scope, source) => ({ key: { scope, source }, most: 1e6, ...ENDLESS })

/** A packed IPv4 address and port, as the addon tells them. */
const clientAt = (index) => (0x0a000000 + index) * PORTS + 1024
