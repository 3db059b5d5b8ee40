/** Why the backends of a cluster are down, in a few words for the record of a client that none was tried for. */
import type { Backend } from './backend.js'

/** All clients of a cluster may be refused at once, so this looks at no more. */
const MOST_LOOKED_AT = 16

/** `L4TOUT, L7STS`: the reasons of the first backends that are down, each once. Empty if none is known. */
export function whyDown(backends: readonly Backend[], now: number): string {
  const reasons = new Set<string>()
  for (const backend of backends.slice(0, MOST_LOOKED_AT)) {
    const { setTo, state, isFlapping, reason } = backend.status(now)
    if (setTo !== 'up' || state !== 'down') continue
    if (isFlapping) reasons.add('flapping')
    else if (reason !== undefined) reasons.add(reason)
  }
  return [...reasons].join(', ')
}
