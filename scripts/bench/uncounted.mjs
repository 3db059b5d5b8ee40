// The command with a ledger that counts nothing: what metrics cost is the difference, and there is no such option.
import { Ledger } from '../../dist/proxy/reporting/proxy-counters.js'

for (const name of ['connected', 'answered', 'ended']) {
  if (typeof Ledger.prototype[name] !== 'function') throw new Error(`the ledger has no "${name}" any more`)
  Ledger.prototype[name] = () => {}
}
await import('../../dist/cli.js')
