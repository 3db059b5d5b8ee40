/** The order to upgrade, in a process that may not be able to. */
import { MillraceError } from '../errors.js'
import type { Upgraded } from './answers.js'

/** `upgrade` undefined: this process cannot hand over. Rejects with `wrong-state` then. */
export async function upgradeBy(upgrade: (() => Promise<Upgraded>) | undefined): Promise<Upgraded> {
  if (upgrade === undefined)
    throw new MillraceError(
      'wrong-state',
      'only the command upgrades: this proxy is a part of another process',
    )
  return await upgrade()
}
