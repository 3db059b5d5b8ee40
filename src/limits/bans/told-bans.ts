/**
 * Bans as one process tells them to others. A worker that was told all of them turns away the same clients, and sees by itself
 * when a ban is over.
 */
import type { Ban, BanTable } from './ban-table.js'
import { exactText, type Network, readNetwork } from './network.js'

export interface ToldBan {
  readonly scope: string
  /** With its prefix. */
  readonly network: string
  /** ms until it ends, because processes share no clock. 0: it does not hold any more. */
  readonly leftMs: number
}

/** A ban that another process decides about from now on. */
export interface KeptBan extends ToldBan {
  readonly why: string
  /** Clients that it has turned away. */
  readonly refused: number
}

export function toldAt({ scope, network, until }: Ban, now: number): ToldBan {
  return { scope, network: exactText(network), leftMs: Math.max(Math.ceil(until - now), 0) }
}

export const lifted = ({ scope, network }: Ban): ToldBan => ({
  scope,
  network: exactText(network),
  leftMs: 0,
})

/** Takes over what another process tells. `now`: ms, on the clock of this process. */
export function hearBans(table: BanTable, told: readonly ToldBan[], now: number): void {
  table.expire(now)
  for (const { scope, network: text, leftMs } of told) {
    const network = toldNetwork(text)
    const before = table.get(scope, network)
    if (leftMs > 0)
      table.set({ scope, network, since: now, until: now + leftMs, why: '', refused: 0, heapIndex: -1 })
    else if (before !== undefined) table.delete(before)
  }
}

/** The network of a text that `exactText` has made. */
export function toldNetwork(text: string): Network {
  const network = readNetwork(text, { prefix4: 0, prefix6: 0 })
  if (typeof network === 'string') throw new TypeError(network)
  return network
}
