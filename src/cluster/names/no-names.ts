/** A provider for clusters whose backends all have IP addresses: no name means anything. */
import type { NamesProvider } from './provider.js'

const ERROR = 'ENOTFOUND'

export const NO_NAMES: NamesProvider = {
  read: (_, done) => {
    const immediate = setImmediate(() => done({ kind: 'failed', code: ERROR }))
    return { cancel: () => clearImmediate(immediate) }
  },
  watch: () => ({ meaning: { places: undefined, isAsking: false, error: ERROR }, stop: () => {} }),
  status: () => [],
}
