/** A cluster on a scripted engine. The test answers the questions about names, and moves the time on. */
import { afterEach, beforeEach, expect, vi } from 'vitest'
import { type Address, parseAddress } from '../../src/address.js'
import { Cluster, type ClusterHooks } from '../../src/cluster/cluster.js'
import type { DialResult } from '../../src/cluster/dial.js'
import { Health } from '../../src/cluster/health/health.js'
import type { HealthPolicy } from '../../src/cluster/health/policy.js'
import type { BackendOptions } from '../../src/cluster/members.js'
import { DnsNames } from '../../src/cluster/names/dns-names.js'
import type { ClusterOptions } from '../../src/cluster/options.js'
import { USUAL_HEALTH } from '../../src/config/schemas/health-schema.js'
import type { ClusterLimits } from '../../src/limits/policy.js'
import { NO_JITTER, ScriptedDns, SETTINGS } from './names/scripted-dns.js'
import { requestOf } from './requests.js'
import { ScriptedEngine } from './scripted-engine.js'

/** The options of a cluster that says nothing about balancing. */
export const BALANCED: Omit<ClusterOptions, 'backends'> = {
  balance: 'round-robin',
  hash: undefined,
  slowStartMs: 0,
  health: USUAL_HEALTH,
}

/** One failure ejects a backend, for 1 s, then 2 s, up to 30 s. All of a cluster may be ejected. */
export const QUICK: HealthPolicy = {
  ...USUAL_HEALTH,
  eject: { failures: 1, forMs: 1000, maxForMs: 30_000, maxPercent: 100 },
  flapping: false,
}
export const A = '10.0.0.1:80'
export const B = '10.0.0.2:80'
export const C = '10.0.0.3:80'

/** Health that judges as QUICK says. */
export const quickHealth = (): Health =>
  new Health({
    ejections: { policy: () => QUICK.eject, mayBeSkipped: () => true, random: () => 0.5 },
    flapping: () => false,
  })

/** New for each test, as is the DNS that answers when the test says so. */
export let engine: ScriptedEngine
export let dns: ScriptedDns
const stops: (() => void)[] = []

/** Call this once in each test file. */
export function useScriptedClusters(): void {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    engine = new ScriptedEngine()
    dns = new ScriptedDns()
  })
  afterEach(() => {
    for (const stop of stops.splice(0)) stop()
    expect(vi.getTimerCount()).toBe(0)
    vi.useRealTimers()
  })
}

/** Limits of a cluster in which clients wait for 1 s. */
export const LIMITS: ClusterLimits = {
  maxConnections: 0,
  newPerSecond: undefined,
  bytesPerSecond: undefined,
  perSource: undefined,
  perConnection: undefined,
  whenFull: 'wait',
  refuseAs: undefined,
  dryRun: false,
  queueMs: 1000,
  queueLength: 0,
}

/** Backends of these addresses, each with this limit. 0: no limit. */
export const backendsOf = (addresses: readonly string[], maxConnections = 0): BackendOptions[] =>
  addresses.map((text) => ({ address: parseAddress(text) as Address, weight: 1, maxConnections }))

export function clusterOf(
  addresses: readonly string[],
  hooks: ClusterHooks = {},
  options: Partial<ClusterOptions> = {},
): Cluster {
  const backends = backendsOf(addresses)
  const names = new DnsNames(SETTINGS, { createClient: () => dns, random: () => NO_JITTER })
  const cluster = new Cluster('test', { ...BALANCED, health: QUICK, backends, ...options }, engine, {
    names,
    random: () => 0.5,
    ...hooks,
  })
  cluster.start()
  stops.push(() => cluster.stop())
  return cluster
}

export function dial(cluster: Cluster, connectMs = 1000): Promise<DialResult> {
  return new Promise((resolve) => cluster.dial(requestOf(connectMs), resolve))
}

/** Dials and lets everything happen that is due. Returns the outcome, if there is one yet. */
export async function outcomeNow(cluster: Cluster): Promise<DialResult | undefined> {
  let result: DialResult | undefined
  cluster.dial(requestOf(1000), (each) => {
    result = each
  })
  await turn()
  return result
}

export const turn = () => new Promise((resolve) => setImmediate(resolve))
export const resolveName = (host: string, ...ips: string[]) => dns.found(host, ips)
export const failName = (host: string) => dns.failed(host)
export const states = (cluster: Cluster) => cluster.status().backends.map((backend) => backend.state)
