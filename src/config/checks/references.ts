/**
 * Checks that need two values of a config: clusters that must exist, names and addresses that must differ.
 * They work on unchecked input, because zod skips such checks once one value is bad, and users are to see
 * every problem at once. They pass over a value of the wrong kind, because the schema reports it.
 */
import { type Address, formatAddress } from '../../address.js'
import { explainName } from '../schemas/fields.js'
import { parseBackendAddress } from '../values/addresses.js'
import { quote } from '../wording.js'
import { checkBalance, checkTiers } from './balance-references.js'
import { BACKEND_TLS } from './certificates.js'
import { checkDial } from './dial-references.js'
import { checkHealth } from './health-references.js'
import { checkLimits } from './limit-references.js'
import { checkLimitSizes } from './limit-sizes.js'
import { addressKey, isAnyPort } from './listener-addresses.js'
import { listenPlaces } from './listener-places.js'
import { checkListener, REJECT } from './listener-references.js'
import { forgetListenersOf } from './listeners-of.js'
import { findLoops } from './loops.js'
import { checkNames } from './name-references.js'
import { type Finding, formatPath, type Path } from './path.js'
import { checkPortless } from './portless-references.js'
import { checkQueue } from './queue-references.js'
import { checkRefuseAs } from './refuse-as-references.js'
import { sharedAddresses } from './shared-addresses.js'
import { checkUnixListeners } from './socket-options.js'
import { checkSpeaks } from './speaks-references.js'
import { checkStartTls } from './start-tls-references.js'
import { checkTests } from './test-references.js'
import { isMap, itemsOf, valueAt } from './unchecked.js'
import { checkVia } from './via-references.js'

/** Something that must occur only once, and where it stands. */
interface Claim {
  readonly key: string
  readonly path: Path
}

export function checkReferences(input: unknown): Finding[] {
  forgetListenersOf(input)
  const listeners = itemsOf(valueAt(input, 'listeners'))
  const clusters = valueAt(input, 'clusters')
  return [
    ...listeners.flatMap((listener, index) => checkListener(listener, ['listeners', index], clusters)),
    ...repeatedNames(listeners),
    ...sharedAddresses(input),
    ...findLoops(input).filter(({ isCertain }) => isCertain),
    ...checkStartTls(input),
    ...checkSpeaks(input),
    ...checkLimits(input),
    ...checkLimitSizes(input),
    ...checkRefuseAs(input),
    ...checkUnixListeners(input),
    ...checkTests(input),
    ...noClusters(listeners, clusters),
    ...Object.keys(isMap(clusters) ? clusters : {}).flatMap((name) => [
      ...badName(name),
      ...keyWithoutCert(clusters, name),
      ...tlvsOfVersion1(clusters, name),
      ...repeatedBackends(clusters, name),
      ...checkBalance(input, name),
      ...checkTiers(input, name),
      ...checkDial(input, name),
      ...checkHealth(clusters, name),
      ...checkVia(input, name),
      ...checkNames(input, name),
      ...checkQueue(input, name),
      ...checkPortless(input, name),
    ]),
  ]
}

/** A route function can do without: it can return backends. */
function noClusters(listeners: readonly unknown[], clusters: unknown): Finding[] {
  const hasFunction = listeners.some((listener) => typeof valueAt(listener, 'route') === 'function')
  if (hasFunction || !isMap(clusters) || Object.keys(clusters).length > 0) return []
  const message = 'expected a map of clusters, found an empty map'
  return [{ path: ['clusters'], message, about: 'value' }]
}

/** Checked here and not in the schema, because zod does not look at the value of a key that it refuses. */
function badName(name: string): Finding[] {
  const message =
    name === REJECT ? '"reject" cannot be the name of a cluster: write another name' : explainName(name)
  return message === undefined ? [] : [{ path: ['clusters', name], message, about: 'key' }]
}

/** A listener without a name has its address as name. A repeated address is not also reported as a repeated name. */
function repeatedNames(listeners: readonly unknown[]): Finding[] {
  const names: Claim[] = []
  const addresses = new Set<string>()
  listeners.forEach((listener, index) => {
    const path = ['listeners', index]
    const places = listenPlaces(listener, path).map(({ address }) => address)
    const texts = places.map(formatAddress)
    const name = valueAt(listener, 'name')
    const [only] = places
    if (typeof name === 'string') names.push({ key: name, path: [...path, 'name'] })
    else if (only !== undefined && places.length === 1 && (isAnyPort(only) || !addresses.has(texts[0]!)))
      names.push({ key: texts[0]!, path })
    for (const text of texts) addresses.add(text)
  })
  return tellRepeats(
    names,
    (key, first) => `the name ${quote(key)} is already used at ${first}: write another name`,
  )
}

function keyWithoutCert(clusters: unknown, name: string): Finding[] {
  return BACKEND_TLS.flatMap((keys): Finding[] => {
    const tls = keys.reduce(valueAt, valueAt(clusters, name))
    const [missing] = ['cert', 'key'].filter((key) => valueAt(tls, key) === undefined)
    if (missing === undefined || !['cert', 'key'].some((key) => valueAt(tls, key) !== undefined)) return []
    const message = `${missing} is missing: write both cert and key, or neither`
    return [{ path: ['clusters', name, ...keys], message, about: 'value' }]
  })
}

function tlvsOfVersion1(clusters: unknown, name: string): Finding[] {
  const sendProxy = valueAt(valueAt(clusters, name), 'sendProxy')
  if (valueAt(sendProxy, 'version') !== 'v1' || valueAt(sendProxy, 'tlvs') === undefined) return []
  const path = ['clusters', name, 'sendProxy', 'tlvs']
  return [
    {
      path,
      message: 'version 1 of the PROXY protocol has no TLVs: write "version: v2", or remove this key',
      about: 'key',
    },
  ]
}

function repeatedBackends(clusters: unknown, name: string): Finding[] {
  const backends = itemsOf(valueAt(valueAt(clusters, name), 'backends'))
  const addresses: Claim[] = []
  const services: Claim[] = []
  backends.forEach((backend, index) => {
    const path = ['clusters', name, 'backends', index]
    const address = addressAt(
      typeof backend === 'string' ? { address: backend } : backend,
      parseBackendAddress,
    )
    if (address !== undefined) addresses.push({ key: addressKey(address), path })
    const service = valueAt(backend, 'srv')
    if (typeof service === 'string') services.push({ key: service.toLowerCase(), path })
  })
  return [
    ...tellRepeats(
      addresses,
      (key, first) =>
        `${key} is already used at ${first}: remove one. For a larger share, use a larger weight`,
    ),
    ...tellRepeats(services, (key, first) => `${key} is already used at ${first}: remove one`),
  ]
}

function tellRepeats(claims: readonly Claim[], tell: (key: string, first: string) => string): Finding[] {
  const firsts = new Map<string, Path>()
  return claims.flatMap(({ key, path }): Finding[] => {
    const first = firsts.get(key)
    if (first !== undefined) return [{ path, message: tell(key, formatPath(first)), about: 'value', first }]
    firsts.set(key, path)
    return []
  })
}

function addressAt(item: unknown, parse: (text: string) => Address | string): Address | undefined {
  const text = valueAt(item, 'address')
  const address = typeof text === 'string' ? parse(text) : undefined
  return typeof address === 'object' ? address : undefined
}
