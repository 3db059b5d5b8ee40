// The figures of the bench: what each is called, its unit, which way is better, and how it comes out of what the
// generator and the kernel's counters said. Pure.

/** Those of a contender at a load. `better` is undefined for figures that are told, not judged. */
export const FIGURES = {
  gbPerSecond: { label: 'GB/s', digits: 2, better: 'more' },
  cpuPerGb: { label: 'proxy CPU s/GB', digits: 3, better: 'less' },
  machineCpuPerGb: { label: 'machine CPU s/GB', digits: 3, better: 'less' },
  perSecond: { label: 'per second', digits: 0, better: 'more' },
  perCpuSecond: { label: 'per proxy CPU second', digits: 0, better: 'more' },
  cpuMicros: { label: 'proxy CPU µs each', digits: 1, better: 'less' },
  machineCpuMicros: { label: 'machine CPU µs each', digits: 1, better: 'less' },
  p50Micros: { label: 'p50 µs', digits: 0, better: 'less' },
  p99Micros: { label: 'p99 µs', digits: 0, better: 'less' },
  p999Micros: { label: 'p99.9 µs', digits: 0, better: 'less' },
  kibPerConnection: { label: 'KiB/connection', digits: 2, better: 'less' },
  fdsPerConnection: { label: 'fds/connection', digits: 2, better: 'less' },
  kernelPipes: { label: 'kernel pipes', digits: 0, better: 'less' },
  delayP50Ms: { label: 'timer delay p50 ms', digits: 2, better: 'less' },
  delayP99Ms: { label: 'timer delay p99 ms', digits: 2, better: 'less' },
  delayMaxMs: { label: 'timer delay max ms', digits: 2, better: 'less' },
  callsPerMb: { label: 'system calls/MB', digits: 2, better: 'less' },
  callsPerRoundTrip: { label: 'system calls each', digits: 2, better: 'less' },
  generatorBusy: { label: 'generator busy', digits: 2 },
}

const GB = 1e9

/** Figures of bytes moved, for loads with bulk in them. `cpuNs` is undefined where there is no proxy. */
export function bulkFigures(run, cpuNs, machineCpuNs) {
  const { elapsedNs, ownCpuNs, groups } = run
  const bytes = groups.reduce((sum, group) => sum + group.bytes, 0)
  return {
    gbPerSecond: bytes / elapsedNs,
    ...(cpuNs !== undefined && { cpuPerGb: cpuNs / bytes }),
    machineCpuPerGb: machineCpuNs / bytes,
    generatorBusy: ownCpuNs / elapsedNs,
    othersBusy: othersBusy(run, cpuNs, machineCpuNs),
  }
}

/** Figures of one group's round trips (or of connections made and ended). */
export function roundTripFigures(run, about, cpuNs, machineCpuNs) {
  const { elapsedNs, ownCpuNs, groups } = run
  const { roundTrips, p50Ns, p99Ns, p999Ns } = groups[about]
  return {
    perSecond: (roundTrips * GB) / elapsedNs,
    ...(cpuNs !== undefined && {
      perCpuSecond: (roundTrips * GB) / cpuNs,
      cpuMicros: cpuNs / roundTrips / 1e3,
    }),
    machineCpuMicros: machineCpuNs / roundTrips / 1e3,
    ...latencyFigures({ p50Ns, p99Ns, p999Ns }),
    generatorBusy: ownCpuNs / elapsedNs,
    othersBusy: othersBusy(run, cpuNs, machineCpuNs),
  }
}

/** How many cores were taken by whoever is no part of the bench. */
function othersBusy({ elapsedNs, ownCpuNs }, cpuNs = 0, machineCpuNs) {
  return Math.max(0, machineCpuNs - cpuNs - ownCpuNs) / elapsedNs
}

export function latencyFigures({ p50Ns, p99Ns, p999Ns }) {
  return { p50Micros: p50Ns / 1e3, p99Micros: p99Ns / 1e3, p999Micros: p999Ns / 1e3 }
}

/** Median, least and most of a figure's rounds. */
export function summarize(values) {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  return { median, min: sorted[0], max: sorted.at(-1) }
}
