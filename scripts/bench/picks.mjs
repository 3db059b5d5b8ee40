// What it costs to choose a backend: ns per pick of every rule at 10 to 10,000 backends, and how long a reload with 10,000
// backends blocks the event loop. No proxy is needed for the first, and no rival has the second.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseAddress } from '../../dist/address.js'
import { Backend } from '../../dist/cluster/backend.js'
import { BALANCERS, createBalancer } from '../../dist/cluster/balance/rules.js'
import { Candidates } from '../../dist/cluster/candidates.js'
import { Health, NOTHING_JUDGED } from '../../dist/cluster/health/health.js'
import { createProxy } from '../../dist/index.js'
import { nsPerCall } from './time-calls.mjs'

const SIZES = [10, 100, 1000, 10_000]
const RUNS = 7
const RUN_NS = 60e6
const RELOADS = 5
const MOST_BACKENDS = 10_000
const NOBODY = []
/** Every tier serves. */
const RULES = { whenAllDown: undefined, onlyTier: undefined }
const THOROUGH = { sizes: SIZES, runs: RUNS, runNs: RUN_NS, reloads: RELOADS, backends: MOST_BACKENDS }
/** For a smoke test: everything runs, and no figure means anything. */
const BRIEF = { sizes: [10], runs: 1, runNs: 1e6, reloads: 1, backends: 10 }

const HASHES = {
  'hash, rendezvous': { key: { from: 'route' }, table: 'rendezvous', boundedLoad: 0 },
  'hash, rendezvous, boundedLoad': { key: { from: 'route' }, table: 'rendezvous', boundedLoad: 1.25 },
  'hash, maglev': { key: { from: 'route' }, table: 'maglev', boundedLoad: 0 },
}

/** Prints the table and the last figure of docs/balancing.md. */
export async function measurePicks({ isSmoke }) {
  const extent = isSmoke ? BRIEF : THOROUGH
  const { sizes, backends } = extent
  console.log(`| ns per pick | ${sizes.map((size) => size.toLocaleString('en')).join(' | ')} backends |`)
  console.log(`|---|${sizes.map(() => '---:|').join('')}`)
  for (const [name, policy] of policies()) {
    const cells = sizes.map((size) => Math.round(nsPerPick(policy, size, extent)).toLocaleString('en'))
    console.log(`| ${name} | ${cells.join(' | ')} |`)
  }
  const blockedMs = await longestBlockOfReload(extent)
  console.log(
    `\nreload with ${backends.toLocaleString('en')} backends: the loop is blocked for ${blockedMs.toFixed(0)} ms`,
  )
}

function policies() {
  const plain = Object.keys(BALANCERS).filter((rule) => rule !== 'hash')
  return [
    ...plain.map((balance) => [balance, { balance, hash: undefined }]),
    ...Object.entries(HASHES).map(([name, hash]) => [name, { balance: 'hash', hash }]),
  ]
}

function backendsOf(count) {
  return Array.from({ length: count }, (_, index) => addressAt(index))
}

const addressAt = (index) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}:80`

function nsPerPick(policy, size, extent) {
  const backends = backendsOf(size).map(
    (text) => new Backend(parseAddress(text), 1, new Health(NOTHING_JUDGED)),
  )
  // Some connections on each, as on a proxy that has run for a while.
  for (const [index, backend] of backends.entries()) for (let i = 0; i < 1 + (index % 7); ++i) open(backend)
  const candidates = new Candidates(backends, RULES, policy.balance, (tier) =>
    createBalancer(policy, tier, () => {}),
  )
  const pick = (index) => candidates.next(requests[index % requests.length], NOBODY, 0)
  return nsPerCall(pick, extent)
}

function open(backend) {
  backend.dialBegan()
  backend.dialSucceeded()
}

const requests = Array.from({ length: 1000 }, (_, index) => ({
  clientAddress: undefined,
  key: `client ${index}`,
  fieldValues: () => [],
  tlv: () => undefined,
}))

/** The median of some reloads, each with one other backend. */
async function longestBlockOfReload({ reloads, backends }) {
  const configWith = (last) => ({
    listeners: [{ address: '127.0.0.1:0', cluster: 'all' }],
    clusters: { all: { balance: 'least-connections', backends: [...backendsOf(backends - 1), last] } },
    log: { level: 'silent' },
  })
  const proxy = createProxy(configWith('10.9.9.9:80'))
  await proxy.start()
  const blocked = []
  for (let reload = 0; reload < reloads; ++reload) {
    const config = configWith(`10.9.9.${reload}:80`)
    const delays = monitorEventLoopDelay({ resolution: 1 })
    delays.enable()
    await sleep(50)
    await proxy.reload(config)
    await sleep(50)
    delays.disable()
    blocked.push(delays.max / 1e6)
  }
  await proxy.stop()
  return blocked.toSorted((a, b) => a - b)[reloads >> 1]
}
