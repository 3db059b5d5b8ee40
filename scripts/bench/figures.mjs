// The figures of the bench: what each is called, its unit, which way is better, and how it is computed from
// what the loads and the counters of the kernel say. Pure.

/** The figures of a contender at a load. `better` is undefined for figures that are shown and not compared. */
export const FIGURES = {
  cpuPerGb: { label: 'proxy CPU s/GB', digits: 3, better: 'less' },
  machineCpuPerGb: { label: 'machine CPU s/GB', digits: 3, better: 'less' },
  gbPerSecond: { label: 'GB/s', digits: 2, better: 'more' },
  cpuMicros: { label: 'proxy CPU µs/request', digits: 1, better: 'less' },
  machineCpuMicros: { label: 'machine CPU µs/request', digits: 1, better: 'less' },
  perSecond: { label: 'requests/s', digits: 0, better: 'more' },
  perCpuSecond: { label: 'requests/proxy CPU second', digits: 0, better: 'more' },
  p50Micros: { label: 'p50 µs', digits: 0, better: 'less' },
  p99Micros: { label: 'p99 µs', digits: 0, better: 'less' },
  p999Micros: { label: 'p99.9 µs', digits: 0, better: 'less' },
  kibPerConnection: { label: 'KiB/connection', digits: 2, better: 'less' },
  fdsPerConnection: { label: 'fds/connection', digits: 2, better: 'less' },
  kernelPipes: { label: 'kernel pipes', digits: 0, better: 'less' },
  heldMb: { label: 'MB held by the proxy', digits: 1, better: 'less' },
  underWayMb: { label: 'MB sent, not yet read', digits: 1, better: 'less' },
  delayP50Ms: { label: 'timer delay p50 ms', digits: 2, better: 'less' },
  delayP99Ms: { label: 'timer delay p99 ms', digits: 2, better: 'less' },
  delayMaxMs: { label: 'timer delay max ms', digits: 2, better: 'less' },
  callsPerGb: { label: 'system calls/GB', digits: 0, better: 'less' },
  callsEach: { label: 'system calls/request', digits: 2, better: 'less' },
  sleepsPerGb: { label: 'sleeps/GB', digits: 0 },
  sleepsEach: { label: 'sleeps/request', digits: 3 },
  loadBusy: { label: 'generator busy', digits: 2 },
}

const NS = 1e9

/**
 * Figures of bytes moved. `counts` is what the load says (`bytes`, `elapsedNs`), `used` what the kernel says:
 * `proxyCpuNs` and `sleeps` (undefined where there is no proxy), `machineCpuNs`, and `loadCpuNs` where it is known.
 */
export function bulkFigures({ bytes, elapsedNs }, used) {
  return {
    gbPerSecond: bytes / elapsedNs,
    machineCpuPerGb: used.machineCpuNs / bytes,
    ...(used.proxyCpuNs !== undefined && {
      cpuPerGb: used.proxyCpuNs / bytes,
      sleepsPerGb: (used.sleeps * NS) / bytes,
    }),
    ...busyFigures(elapsedNs, used),
  }
}

/** Figures of round trips, or of connections made and ended. */
export function roundTripFigures(counts, used) {
  const { roundTrips, elapsedNs } = counts
  if (!(roundTrips > 0)) throw new Error('not one answer came')
  return {
    perSecond: (roundTrips * NS) / elapsedNs,
    machineCpuMicros: used.machineCpuNs / roundTrips / 1e3,
    ...(used.proxyCpuNs !== undefined && {
      cpuMicros: used.proxyCpuNs / roundTrips / 1e3,
      perCpuSecond: (roundTrips * NS) / used.proxyCpuNs,
      sleepsEach: used.sleeps / roundTrips,
    }),
    ...latencyFigures(counts),
    ...busyFigures(elapsedNs, used),
  }
}

function busyFigures(elapsedNs, { loadCpuNs, proxyCpuNs = 0, machineCpuNs }) {
  if (loadCpuNs === undefined) return {}
  return {
    loadBusy: loadCpuNs / elapsedNs,
    // Cores taken by whoever is no part of the bench.
    othersBusy: Math.max(0, machineCpuNs - proxyCpuNs - loadCpuNs) / elapsedNs,
  }
}

export function latencyFigures({ p50Ns, p99Ns, p999Ns }) {
  return {
    p50Micros: p50Ns / 1e3,
    p99Micros: p99Ns / 1e3,
    ...(p999Ns !== undefined && { p999Micros: p999Ns / 1e3 }),
  }
}
