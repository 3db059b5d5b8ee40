// How each family of loads is measured: what is read before and after a window, and which figures come of it.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { bulkFigures, latencyFigures, roundTripFigures } from './figures.mjs'
import { withGenerator } from './generator.mjs'
import { cpuNsOf, descriptorsOf, machineCpuNs, membersOf, memoryBytesOf } from './measure.mjs'
import { start, stop, workDirectory } from './processes.mjs'

/** Whether a family can be measured here; otherwise the reason and what to do. */
export function reasonImpossible(family) {
  if (family !== 'syscalls') return undefined
  return spawnSync('strace', ['-V']).error === undefined ? undefined : 'needs strace: apt-get install strace'
}

/** Runs a load once against a started contender (`at`) from a `place`: program, core, namespace. */
export function measure(load, place, at) {
  return MEASURES[load.family](load, place, at)
}

const MEASURES = {
  bulk: async (load, place, at) => bulkFigures(...(await runCounted(load, place, at))),
  veth: async (load, place, at) => bulkFigures(...(await runCounted(load, place, at))),
  request: measureRoundTrips,
  connect: measureRoundTrips,
  'beside-idle': measureRoundTrips,
  probe: measureBoth,
  slow: measureRoundTrips,
  idle: measureIdle,
  loop: measureLoop,
  syscalls: measureSyscalls,
}

/** Answers the generator's figures, the proxy's CPU time (undefined without one) and the machine's. */
function runCounted(load, place, at) {
  return withGenerator(place, at, load.groups, load, async (run) => {
    const proxyBefore = at.child && cpuNsOf(at.child.pid)
    const machineBefore = machineCpuNs()
    const figures = await run()
    const machine = machineCpuNs() - machineBefore
    return [figures, at.child && cpuNsOf(at.child.pid) - proxyBefore, machine]
  })
}

async function measureRoundTrips(load, place, at) {
  const [figures, cpu, machine] = await runCounted(load, place, at)
  return roundTripFigures(figures, load.about, cpu, machine)
}

async function measureBoth(load, place, at) {
  const [figures, cpu, machine] = await runCounted(load, place, at)
  return { ...bulkFigures(figures, cpu, machine), ...latencyFigures(figures.groups[load.about]) }
}

// With the early ones, and with the late ones besides. Both are open at the end: what a process frees when
// connections end, and when, is no matter here.
async function measureIdle(load, place, at) {
  const look = () => ({ bytes: memoryBytesOf(at.child.pid), ...descriptorsOf(at.child.pid) })
  const [few, many] = await withGenerator(place, at, load.groups, load, async (run) => {
    const before = look()
    await run()
    return [before, look()]
  })
  const more = load.groups[load.about].connections
  return {
    kibPerConnection: (many.bytes - few.bytes) / 1024 / more,
    fdsPerConnection: (many.all - few.all) / more,
    kernelPipes: (many.pipeEnds - few.pipeEnds) / 2,
  }
}

async function measureLoop(load, place, at) {
  at.answers ??= createInterface({ input: at.child.stdout })[Symbol.asyncIterator]()
  const ask = async () => {
    at.child.stdin.write('\n')
    return JSON.parse((await at.answers.next()).value)
  }
  return withGenerator(place, at, load.groups, load, async (run) => {
    await ask()
    const figures = await run()
    const { p50Ms, p99Ms, maxMs } = await ask()
    const { gbPerSecond } = bulkFigures(figures, 0, 0)
    return { gbPerSecond, delayP50Ms: p50Ms, delayP99Ms: p99Ms, delayMaxMs: maxMs }
  })
}

// A run of its own: strace makes every call many times dearer, so only counts are kept.
async function measureSyscalls(load, place, at) {
  const output = join(workDirectory, 'strace.txt')
  const pids = membersOf(at.child.pid)
  return withGenerator(place, at, load.groups, load, async (run) => {
    const flags = ['-c', '-f', '-q', '-o', output, ...pids.flatMap((pid) => ['-p', pid])]
    const tracer = start(['strace', ...flags], { core: place.core })
    await waitUntilTraced(pids)
    const { groups } = await run()
    await stop(tracer)
    const calls = totalCalls(readFileSync(output, 'utf8'))
    const group = groups[load.about]
    return group.roundTrips > 0
      ? { callsPerRoundTrip: calls / group.roundTrips }
      : { callsPerMb: calls / (group.bytes / 1e6) }
  })
}

async function waitUntilTraced(pids) {
  const isTraced = (pid) => !/^TracerPid:\s+0$/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  for (let tries = 0; !pids.every(isTraced); ++tries) {
    if (tries === 400) throw new Error('strace did not attach within 2 s')
    await sleep(5)
  }
}

/** The `calls` column of the last line of `strace -c`. */
function totalCalls(summary) {
  const total = summary.split('\n').find((line) => line.endsWith(' total'))
  if (total === undefined) throw new Error(`strace -c printed no total:\n${summary}`)
  return Number(total.trim().split(/\s+/)[3])
}
