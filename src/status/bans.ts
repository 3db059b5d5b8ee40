/**
 * The fields of a status for bans. Pure.
 */
import { choice, commonCount, gauge, highest, keyOfParts, latest, metric, setting } from './kinds.js'

export const BANS = {
  /** Bans that hold now. */
  active: highest('bans', metric('millrace_bans', 'Bans that hold.')),
  /** Bans that operators have begun. */
  ordered: commonCount('bans', metric('millrace_bans_ordered_total', 'Bans that operators have begun.')),
  /** Bans that a `ban` of the config has begun. */
  found: commonCount('bans', metric('millrace_bans_found_total', 'Bans that limits have begun.')),
}

/** One ban. */
export const BAN = {
  /** Whom it turns away: `network`, an address or a network. `listener`: only this listener does it. */
  clients: keyOfParts(['network', 'listener']),
  /** `limit`: a `ban` of the config. */
  by: choice(['operator', 'limit']),
  why: setting(),
  until: latest(),
  /** Clients that were turned away. */
  refused: gauge('connections'),
}
