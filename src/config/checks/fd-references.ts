/**
 * Whether this machine lets its processes open as many file descriptors as `limits.maxConnections` needs. Only of a config that
 * is about to be used here: `millrace check` may run on another machine. Works on unchecked input, as `references.ts` does.
 */
import { availableParallelism } from 'node:os'
import { fdsFor, mostConnections } from '../../limits/most-connections.js'
import { workersField } from '../schemas/fields.js'
import { limitField } from '../schemas/limit-fields.js'
import { listenPlaces } from './listener-places.js'
import type { Finding } from './path.js'
import { itemsOf, valueAt } from './unchecked.js'

/** `fds`: as many may one process have. Undefined: the platform does not tell. */
export function checkFds(input: unknown, fds: number | undefined): Finding[] {
  const asked = limitField.safeParse(valueAt(valueAt(input, 'limits'), 'maxConnections')).data ?? 0
  const written = workersField.safeParse(valueAt(input, 'workers') ?? 1).data ?? 1
  const workers = written === 'auto' ? availableParallelism() : written
  const process = {
    listeners: itemsOf(valueAt(input, 'listeners')).flatMap((each) => listenPlaces(each, [])).length,
    hasPipes: valueAt(input, 'splice') !== 'off',
  }
  const allowed = mostConnections({ ...process, fds })
  if (allowed === undefined || asked <= allowed.most * workers) return []
  const each = workers === 1 ? 'this process can have' : `each of the ${workers} workers can have`
  const needed = fdsFor(Math.ceil(asked / workers), process)
  const remedy =
    needed === undefined
      ? 'Use more workers'
      : `Raise the limit (ulimit -n, LimitNOFILE of systemd) to ${needed}`
  const message =
    `${asked} connections need more file descriptors than there may be: ${each} ${allowed.most}, which is ` +
    `${allowed.arithmetic}. ${remedy}, or write ${allowed.most * workers} or less`
  return [{ path: ['limits', 'maxConnections'], message, about: 'value' }]
}
