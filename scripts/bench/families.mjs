// How each load is measured: what is read before and after it runs, and the figures made from it.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { bulkFigures, latencyFigures, roundTripFigures } from './figures.mjs'
import { withGenerator } from './generator.mjs'
import { heldMemory } from './held-memory.mjs'
import { cpuNsOf, descriptorsOf, machineCpuNs, membersOf, memoryBytesOf, sleepsOf } from './measure.mjs'
import { parseStraceTotal } from './parse.mjs'
import { start, stop, workDirectory } from './processes.mjs'
import { reasonNoTool, runTool } from './tools.mjs'

const SETTLE_MS = 50

/** Why a load cannot be measured here, and what to do about it. Undefined: it can. */
export function reasonImpossible({ measure, tool }) {
  const needed = { syscalls: 'strace', memory: 'ss' }[measure]
  if (needed !== undefined && spawnSync(needed, ['-V']).error !== undefined) {
    return `needs ${needed}: apt-get install ${needed === 'ss' ? 'iproute2' : needed}`
  }
  return reasonNoTool(tool)
}

/** Runs a load once against a started contender (`at`) from a `place`: program, core, namespace. */
export function measure(load, place, at) {
  return MEASURES[load.measure](load, place, at)
}

/**
 * Runs a load without measuring, so that every contender has compiled its code, touched its pages and sized
 * its buffers.
 */
export async function warmUp(load, place, at, ms) {
  if (load.tool !== 'generator') return runTool(load, place, at)
  return withGenerator(place, at, load.groups, (run) => run.window(ms))
}

const MEASURES = {
  bulk: async (load, place, at) => {
    const [counts, used] = await runCounted(load, place, at)
    return bulkFigures(counts, used)
  },
  roundTrips: async (load, place, at) => {
    const [counts, used] = await runCounted(load, place, at)
    return roundTripFigures(counts, used)
  },
  probe: async (load, place, at) => {
    const [counts, used] = await runCounted(load, place, at)
    return { ...bulkFigures(counts, used), ...latencyFigures(counts) }
  },
  idle: measureIdle,
  memory: measureMemory,
  library: measureLibrary,
  syscalls: measureSyscalls,
}

/** Returns what the load counted, and what the kernel's counters say about it. */
function runCounted(load, place, at) {
  if (load.tool !== 'generator') return counting(at, undefined, () => runTool(load, place, at))
  return withGenerator(place, at, load.groups, async (run) => {
    if (load.warmMs > 0) await run.window(load.warmMs)
    return counting(at, run.pids, async () => countsOf(await run.window(load.ms), load))
  })
}

/** From the generator's figures: all bytes, and the round trips of the group that the load is about. */
function countsOf({ elapsedNs, groups }, { about }) {
  return { ...groups[about], elapsedNs, bytes: groups.reduce((sum, group) => sum + group.bytes, 0) }
}

// The machine's counter is read last before the load and first after it, because reading costs CPU too.
async function counting(at, loadPids, run) {
  const look = () => ({
    proxyCpuNs: at.child && cpuNsOf(at.child.pid),
    sleeps: at.child && sleepsOf(at.child.pid),
    loadCpuNs: loadPids?.reduce((sum, pid) => sum + cpuNsOf(pid), 0),
  })
  const before = look()
  const machineBefore = machineCpuNs()
  const counts = await run()
  const machine = machineCpuNs() - machineBefore
  const after = look()
  const used = Object.entries(after).map(([name, value]) => [name, value && value - before[name]])
  return [counts, { ...Object.fromEntries(used), machineCpuNs: machine }]
}

// Measures with the early connections, then with the late ones too. Both kinds are open at the end, because
// it does not matter here what a process frees when connections end.
async function measureIdle(load, place, at) {
  const look = () => ({ bytes: memoryBytesOf(at.child.pid), ...descriptorsOf(at.child.pid) })
  const [few, many] = await withGenerator(place, at, load.groups, async (run) => {
    const before = look()
    await run.connectLate()
    return [before, look()]
  })
  const more = load.groups[load.about].connections
  return {
    kibPerConnection: (many.bytes - few.bytes) / 1024 / more,
    fdsPerConnection: (many.all - few.all) / more,
    kernelPipes: (many.pipeEnds - few.pipeEnds) / 2,
  }
}

function measureMemory(load, place, at) {
  return withGenerator(place, at, load.groups, async (run) =>
    heldMemory(place.namespace, at, await run.counts()),
  )
}

async function measureLibrary(load, place, at) {
  at.lines ??= createInterface({ input: at.child.stdout })[Symbol.asyncIterator]()
  const ask = async () => {
    at.child.stdin.write('\n')
    return nextDelays(at.lines)
  }
  // The time in which it was suspended may be reported late, so these two answers are dropped.
  await ask()
  await sleep(SETTLE_MS)
  await ask()
  const [counts, used] = await runCounted(load, place, at)
  const { p50Ms, p99Ms, maxMs } = await ask()
  return { ...bulkFigures(counts, used), delayP50Ms: p50Ms, delayP99Ms: p99Ms, delayMaxMs: maxMs }
}

// The proxy logs to the same stdout.
async function nextDelays(lines) {
  for (;;) {
    const { value, done } = await lines.next()
    if (done) throw new Error('the program ended')
    const said = JSON.parse(value)
    if (said.p99Ms !== undefined) return said
  }
}

// This is a run of its own: strace makes every call many times slower, so only its counts are kept.
async function measureSyscalls(load, place, at) {
  const output = join(workDirectory, 'strace.txt')
  const pids = membersOf(at.child.pid)
  return withGenerator(place, at, load.groups, async (run) => {
    const flags = ['-c', '-f', '-q', '-o', output, ...pids.flatMap((pid) => ['-p', pid])]
    const tracer = start(['strace', ...flags], { core: place.core })
    await waitUntilTraced(pids)
    const { bytes, roundTrips } = countsOf(await run.window(load.ms), load)
    await stop(tracer)
    const calls = parseStraceTotal(readFileSync(output, 'utf8'))
    return roundTrips > 0 ? { callsEach: calls / roundTrips } : { callsPerGb: (calls / bytes) * 1e9 }
  })
}

async function waitUntilTraced(pids) {
  const isTraced = (pid) => !/^TracerPid:\s+0$/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  for (let tries = 0; !pids.every(isTraced); ++tries) {
    if (tries === 400) throw new Error('strace did not attach within 2 s')
    await sleep(5)
  }
}
