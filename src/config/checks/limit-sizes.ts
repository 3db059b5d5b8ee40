/**
 * Limits that can never be reached, because a wider one is reached first: that of one source beside that of all clients, that
 * of a listener beside that of the proxy. Works on unchecked input, as `references.ts` does.
 */
import { bandwidthField, bytesField, limitField, rateField } from '../schemas/limit-fields.js'
import { type Finding, formatPath, type Path } from './path.js'
import { isMap, itemsOf, valueAt, valueWithin } from './unchecked.js'

/** Reads a limit. Undefined: there is none, or it cannot be read. */
type Read = (value: unknown) => number | undefined

interface Pair {
  readonly narrow: Path
  readonly wide: Path
  readonly read: Read
}

const connections: Read = (value) => positive(limitField.safeParse(value).data)
const rate: Read = (value) => rateField.safeParse(value).data?.perSecond
const bytes: Read = (value) => positive(bytesField.safeParse(value).data)
const up: Read = (value) => positive(bandwidthField.safeParse(value).data?.up)
const down: Read = (value) => positive(bandwidthField.safeParse(value).data?.down)

/** Within the limits of one scope. */
const WITHIN: readonly Pair[] = [
  { narrow: ['perSource', 'maxConnections'], wide: ['maxConnections'], read: connections },
  { narrow: ['perBackend', 'maxConnections'], wide: ['maxConnections'], read: connections },
  { narrow: ['perSource', 'newPerSecond'], wide: ['newPerSecond'], read: rate },
  { narrow: ['perConnection', 'maxBytes'], wide: ['perSource', 'bytesPerDay'], read: bytes },
  ...[up, down].flatMap((read): Pair[] => [
    { narrow: ['perSource', 'bytesPerSecond'], wide: ['bytesPerSecond'], read },
    { narrow: ['perConnection', 'bytesPerSecond'], wide: ['perSource', 'bytesPerSecond'], read },
    { narrow: ['perConnection', 'bytesPerSecond'], wide: ['bytesPerSecond'], read },
  ]),
]

/** Of a listener or a cluster, and of the whole proxy. */
const BESIDE_THE_PROXY: readonly Pair[] = [
  { narrow: ['maxConnections'], wide: ['maxConnections'], read: connections },
  { narrow: ['newPerSecond'], wide: ['newPerSecond'], read: rate },
]

export function checkLimitSizes(input: unknown): Finding[] {
  const scopes = scopesOf(input)
  const inner = scopes.slice(1)
  return [
    ...scopes.flatMap((scope) => WITHIN.flatMap((pair) => unreachable(input, scope, scope, pair))),
    ...inner.flatMap((scope) =>
      BESIDE_THE_PROXY.flatMap((pair) => unreachable(input, scope, ['limits'], pair)),
    ),
    ...backendsOf(input).flatMap(({ backend, limits }) =>
      unreachable(input, backend, limits, {
        narrow: ['maxConnections'],
        wide: ['maxConnections'],
        read: connections,
      }),
    ),
  ]
}

/** Where limits can stand: first those of the whole proxy. */
export function scopesOf(input: unknown): Path[] {
  const clusters = valueAt(input, 'clusters')
  return [
    ['limits'],
    ...itemsOf(valueAt(input, 'listeners')).map((_, index): Path => ['listeners', index, 'limits']),
    ...Object.keys(isMap(clusters) ? clusters : {}).map((name): Path => ['clusters', name, 'limits']),
  ]
}

function backendsOf(input: unknown): { readonly backend: Path; readonly limits: Path }[] {
  const clusters = valueAt(input, 'clusters')
  return Object.entries(isMap(clusters) ? clusters : {}).flatMap(([name, cluster]) =>
    itemsOf(valueAt(cluster, 'backends')).map((_, index) => ({
      backend: ['clusters', name, 'backends', index],
      limits: ['clusters', name, 'limits'],
    })),
  )
}

function unreachable(input: unknown, from: Path, beside: Path, { narrow, wide, read }: Pair): Finding[] {
  const path = [...from, ...narrow]
  const limit = read(valueWithin(input, path))
  const most = read(valueWithin(input, [...beside, ...wide]))
  if (limit === undefined || most === undefined || limit <= most) return []
  const reached = formatPath([...beside, ...wide])
  const message = `${limit} is never reached, because ${reached} is ${most}: write ${most} or less, or remove this key`
  return [{ path, message, about: 'value' }]
}

const positive = (limit: number | undefined): number | undefined => (limit === 0 ? undefined : limit)
