/**
 * What operators can order and ask about bans, in the process that decides about them.
 */
import type { BanInfo, BanList, Banned, Unbanned } from '../../control/answers.js'
import { checkBan } from '../../control/ban-order.js'
import { type BanOrder, type BanQuery, DEFAULT_LISTED, type UnbanOrder } from '../../control/orders.js'
import { MillraceError } from '../../errors.js'
import type { BanKeeper } from '../../limits/bans/ban-keeper.js'
import { type Ban, ORDERED } from '../../limits/bans/ban-table.js'
import { contains, formatNetwork, type Network, overlap, readNetwork } from '../../limits/bans/network.js'
import { listenerOf } from '../../limits/scope.js'
import type { ProxyStatus } from '../../observe/status.js'
import type { SourcePrefixes } from '../../source.js'
import { type BanConfig, prefixesOf, trustedBy } from './ban-scopes.js'

/** Bans in the status. */
const MOST_SHOWN = 5
const WHOLE: SourcePrefixes = { prefix4: 32, prefix6: 128 }

export class BanOrders {
  readonly #keeper: BanKeeper
  readonly #config: () => BanConfig

  constructor(keeper: BanKeeper, config: () => BanConfig) {
    this.#keeper = keeper
    this.#config = config
  }

  /**
   * Does not end connections: the caller does.
   *
   * @throws MillraceError `bad-argument`, `wrong-state`
   */
  ban(order: BanOrder): Banned & { readonly banned: Network } {
    const config = this.#config()
    const network = networkIn(order.client, prefixesOf(config, ORDERED))
    checkBan(order)
    const ban = this.#keeper.order(network, order.forMs, order.why ?? '')
    if (ban === undefined)
      throw new MillraceError('wrong-state', 'operators have ordered too many bans: end some of them first')
    const until = new Date(Date.now() + order.forMs).toISOString()
    return { banned: network, network: formatNetwork(network), until, trustedBy: trustedBy(config, network) }
  }

  /** @throws MillraceError `bad-argument`, `unknown-name` */
  unban({ client }: UnbanOrder): Unbanned {
    if (client === undefined) return { unbanned: this.#keeper.liftAll().length }
    const [address, source] = [
      networkIn(client, WHOLE),
      networkIn(client, prefixesOf(this.#config(), ORDERED)),
    ]
    const { length } = this.#keeper.lift([address, source])
    if (length === 0) throw this.#notBanned(client, address)
    return { unbanned: length }
  }

  /** @throws MillraceError `bad-argument` */
  list({ client, limit = DEFAULT_LISTED }: BanQuery): BanList {
    const asked = client === undefined ? undefined : networkIn(client, WHOLE)
    const now = performance.now()
    const matching = this.#keeper
      .present()
      .filter(({ network }) => asked === undefined || overlap(network, asked))
      .sort((a, b) => b.refused - a.refused || a.until - b.until)
    return { matched: matching.length, bans: matching.slice(0, limit).map((ban) => infoOf(ban, now)) }
  }

  status(): Pick<ProxyStatus, 'bans' | 'topBans'> {
    const { matched, bans } = this.list({ limit: MOST_SHOWN })
    return {
      bans: { active: matched, ...this.#keeper.counts },
      topBans: bans.map(({ network, listener, leftMs: _, ...rest }) => ({
        clients: { network, listener },
        ...rest,
      })),
    }
  }

  #notBanned(client: string, address: Network): MillraceError {
    const wider = this.#keeper.present().find(({ network }) => contains(network, address))
    const hint = wider === undefined ? '' : `. Its network ${formatNetwork(wider.network)} has one`
    return new MillraceError('unknown-name', `there is no ban of ${JSON.stringify(client)}${hint}`)
  }
}

function networkIn(client: string, prefixes: SourcePrefixes): Network {
  const network = readNetwork(client, prefixes)
  if (typeof network === 'string') throw new MillraceError('bad-argument', `client: ${network}`)
  return network
}

function infoOf({ scope, network, until, why, refused }: Ban, now: number): BanInfo {
  const leftMs = Math.max(until - now, 0)
  return {
    network: formatNetwork(network),
    listener: listenerOf(scope),
    by: scope === ORDERED ? 'operator' : 'limit',
    why,
    until: new Date(Date.now() + leftMs).toISOString(),
    leftMs,
    refused,
  }
}
