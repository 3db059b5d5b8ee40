/** The configs of stories of workers, and the variants to which they reload. */
import type { HealthInput } from '../../../src/config/health-input.js'
import type { ProxyConfig } from '../../../src/config/input.js'
import type { ProcessLimitsInput } from '../../../src/config/limits-input.js'
import type { Config } from '../../../src/config/schema.js'
import { validateConfig } from '../../../src/config/validate.js'
import type { TcpPeer } from '../kernel/tcp-socket.js'
import { Random } from '../random.js'

export type ListenerName = 'front' | 'side' | 'late'

const HOST = '10.9.9.9'
const PORTS: Readonly<Record<ListenerName, number>> = { front: 1001, side: 1002, late: 1003 }
export const BACKENDS: readonly TcpPeer[] = [
  { host: '10.1.0.1', port: 80 },
  { host: '10.1.0.2', port: 80 },
]
export const VARIANTS = 4
/** The supervisor ends a worker that hangs for this time and a part of it more (ms). */
const HANG_MS = 1500

/** A successor that is not ready by then is killed (ms). */
const UPGRADE_MS = 5000

export const addressOf = (listener: ListenerName): TcpPeer => ({ host: HOST, port: PORTS[listener] })
export const backendName = ({ host, port }: TcpPeer): string => `${host}:${port}`

const known = new Map<number, readonly Config[]>()

/** The config of this seed, and the others to which it is reloaded. */
export function configsOf(seed: number): readonly Config[] {
  return configsFor(new Random(seed).int(2, 3))
}

/** All variants, for this many workers. */
export function configsFor(workers: number): readonly Config[] {
  const configs =
    known.get(workers) ?? Array.from({ length: VARIANTS }, (_, at) => validateConfig(variantOf(workers, at)))
  known.set(workers, configs)
  return configs
}

/** Limits that turn nobody away: every connection has a place in the table of all workers. */
const COUNTED: ProcessLimitsInput = {
  maxConnections: 1000,
  perSource: { maxConnections: 1000 },
  whenFull: 'refuse',
}

/** What the supervisor does to all backends, with every config but one. */
const CHECKED: HealthInput = {
  check: { everyMs: 500, fastMs: 100, timeoutMs: 200, init: 'down' },
  agent: { port: 9, everyMs: 500, timeoutMs: 200 },
  flapping: false,
}

/**
 * 0: the first config. 1: without `side` and without checks. 2: with `late` and another weight. 3: another log level, one
 * backend less.
 */
function variantOf(workers: number, variant: number): ProxyConfig {
  const names: readonly ListenerName[] =
    variant === 1 ? ['front'] : variant === 2 ? ['front', 'side', 'late'] : ['front', 'side']
  const [first, second] = BACKENDS.map(backendName)
  const weighted = { address: first!, weight: variant === 2 ? 3 : 1 }
  return {
    workers,
    workerHangMs: HANG_MS,
    limits: COUNTED,
    listeners: names.map((name) => ({ name, address: `${HOST}:${PORTS[name]}`, cluster: 'main' })),
    clusters: {
      main: {
        backends: variant === 3 ? [weighted] : [weighted, second!],
        ...(variant === 1 ? {} : { health: CHECKED }),
      },
    },
    log: { level: variant === 3 ? 'debug' : 'info' },
    timeouts: { connectMs: 1000, drainMs: 700 },
    upgradeMs: UPGRADE_MS,
  }
}
