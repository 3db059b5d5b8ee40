/**
 * The backends of a cluster: as people write them, and as the rest of the program reads them. A backend is an address, or a
 * name of which each place is a backend.
 */
import * as z from 'zod'
import type { Address, TcpAddress } from '../../address.js'
import type { Expansion } from '../../cluster/names/cluster-names.js'
import { explainForeign } from '../foreign-keys.js'
import { explainService } from '../values/host-names.js'
import * as fields from './fields.js'
import { limitField } from './limit-fields.js'

/** One text stands for an address alone. */
export type BackendInput = AddressInput | ServiceInput

export interface AddressInput {
  /**
   * `host:port`, `[v6]:port`, `unix:/path` or `unix:@name` (abstract). Port 1 to 65535. `host` or `[v6]` alone: the port that the client
   * has connected to.
   */
  readonly address: string
  /**
   * What a host name with several addresses stands for. `first`: one backend, which is reached at one of them. `all`: each
   * address is a backend. docs/names.md explains it. Default `first`.
   */
  readonly expand?: Expand | undefined
  /** Its share of new connections, relative to the other weights: 0 to 1000. 0: no new connections. Default 1. */
  readonly weight?: number | undefined
  /** Backends of a tier get connections only if none of a smaller tier is available: 0 to 99. Default 0. */
  readonly tier?: number | undefined
  /** It gets connections only if no other backend is available. Not together with `tier`. Default false. */
  readonly backup?: boolean | undefined
  /** Open connections to this backend: 1 to 10,000,000. Default: `limits.perBackend.maxConnections`, or no limit. */
  readonly maxConnections?: number | undefined
}

export interface ServiceInput {
  /**
   * A name with SRV records (RFC 2782), such as `_postgresql._tcp.example.com`. Each server in them is a backend. The priority
   * is its tier, and the weight is its weight.
   */
  readonly srv: string
}

export type Expand = 'first' | 'all'

export interface BackendConfig {
  readonly address: Address
  readonly weight: number
  readonly tier: number
  /** 0: no limit. */
  readonly maxConnections: number
}

export interface BackendsConfig {
  readonly backends: readonly BackendConfig[]
  /** Names of which each place is a backend. */
  readonly expansions: readonly Expansion[]
}

const LAST_TIER = 99
/** Behind every tier that can be written. */
const BACKUP_TIER = LAST_TIER + 1

export const EXPANDS = ['first', 'all'] as const satisfies readonly Expand[]

/**
 * The short form becomes the long one before it is checked, so that a bad text gets one message and not two. References.ts
 * checks which keys go together.
 */
const backend = z.preprocess(
  (value) => (typeof value === 'string' ? { address: value } : value),
  fields.strictMap(
    'a backend: HOST:PORT, { address, weight, tier, backup, maxConnections, expand } or { srv }',
    {
      address: fields.optional(fields.backendAddressField),
      expand: fields.choiceOf(EXPANDS).default('first'),
      weight: fields.wholeNumberField(0, 1000).default(1),
      tier: fields.wholeNumberField(0, LAST_TIER).default(0),
      backup: fields.booleanField.default(false),
      maxConnections: limitField,
      srv: fields.optional(fields.checkedTextField('the name of a service', explainService)),
    },
    explainForeign('backend'),
  ),
)

type Backend = z.output<typeof backend>

/** @internal */
export const backendsField: z.ZodType<BackendsConfig> = fields
  .listOf('a list of backends', backend)
  .default([])
  .transform((all) => ({
    backends: all.flatMap((each) => addressOf(each) ?? []),
    expansions: all.flatMap((each) => expansionOf(each) ?? []),
  }))

function addressOf({ address, expand, weight, tier, backup, ...rest }: Backend): BackendConfig | undefined {
  if (address === undefined || expand === 'all') return undefined
  return { address, weight, tier: backup ? BACKUP_TIER : tier, maxConnections: rest.maxConnections }
}

function expansionOf({ srv, address, maxConnections, ...rest }: Backend): Expansion | undefined {
  if (srv !== undefined) return { kind: 'srv', name: srv, maxConnections }
  if (address === undefined || rest.expand === 'first') return undefined
  const { host, port } = address as TcpAddress
  const tier = rest.backup ? BACKUP_TIER : rest.tier
  return { kind: 'host', name: host, port, weight: rest.weight, tier, maxConnections }
}

/** Backends without a limit of their own have that of their cluster. */
export function withMaxConnections<Config extends BackendsConfig>(config: Config, most: number): Config {
  const limited = <Backend extends { readonly maxConnections?: number }>(backend: Backend): Backend =>
    (backend.maxConnections ?? 0) === 0 ? { ...backend, maxConnections: most } : backend
  if (most === 0) return config
  return {
    ...config,
    backends: config.backends.map(limited),
    expansions: config.expansions.map(limited),
  }
}
