/**
 * `allow` and `deny` of one scope, as a check of its gate. `deny` goes first: whoever is in it may not come in, whatever `allow`
 * says. With `allow`, only clients in it may come in. A client without an address is in no list.
 */
import type { PeerAddress } from '../../address.js'
import { AddressSet } from '../../address-set.js'
import type { Config } from '../../config/schema.js'
import type { ListenerConfig } from '../../config/schemas/listener-schema.js'
import type { OpeningCause } from '../../observe/endings.js'
import type { GateCheck } from '../gate.js'
import type { AccessLimits, AccessList } from '../policy.js'
import { PROCESS, scopeOfListener } from '../scope.js'
import { addEntry } from './address-lines.js'
import type { ConfigLists } from './config-lists.js'

const NOT_ALLOWED: OpeningCause = 'denied: not-allowed'

/** Those of the whole proxy, then those of the listener. */
export function accessChecksOf(
  listener: Pick<ListenerConfig, 'name' | 'limits'>,
  { limits }: Pick<Config, 'limits'>,
  lists: ConfigLists,
): GateCheck[] {
  const own = listener.limits
  return [
    limits && createAccessCheck(PROCESS, limits, lists),
    own && createAccessCheck(scopeOfListener(listener.name), own, lists),
  ].filter((check) => check !== undefined)
}

/** Undefined: the scope has no lists. */
export function createAccessCheck(
  scope: string,
  { allow, deny, dryRun }: Pick<AccessLimits, 'allow' | 'deny' | 'dryRun'>,
  lists: ConfigLists,
): GateCheck | undefined {
  if (allow === undefined && deny === undefined) return undefined
  const [allowed, denied] = [allow && sourcesOf(allow, lists), deny && sourcesOf(deny, lists)]
  return {
    scope,
    isDryRun: dryRun,
    refuses: (client) => {
      const source = denied && deciding(denied, client)
      if (source !== undefined) return source.cause
      return allowed === undefined || deciding(allowed, client) !== undefined ? undefined : NOT_ALLOWED
    },
  }
}

/** The entries of the config, or a file. */
interface Source {
  /** The one of now: a file can change. */
  readonly list: { readonly content: AddressSet }
  /** Of clients that it denies. */
  readonly cause: OpeningCause
}

function sourcesOf({ addresses, files }: AccessList, lists: ConfigLists): Source[] {
  const content = new AddressSet()
  for (const entry of addresses) addEntry(content, entry)
  const ofFiles = files.map(
    (path): Source => ({
      list: lists.get({ kind: 'addresses', path }),
      cause: `denied: list ${path}`,
    }),
  )
  return [{ list: { content }, cause: 'denied: list of the config' }, ...ofFiles]
}

/** The source whose entry lets the address in this list: the longest of all. Undefined: none, or it is an exception. */
function deciding(sources: readonly Source[], client: PeerAddress): Source | undefined {
  let longest = 0
  let found: Source | undefined
  for (const source of sources) {
    const match = source.list.content.match(client)
    const isEqual = match !== 0 && match === -longest
    if (Math.abs(match) <= Math.abs(longest) && !(isEqual && match < 0)) continue
    longest = match
    found = source
  }
  return longest > 0 ? found : undefined
}
