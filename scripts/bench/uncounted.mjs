// The command with counters that count nothing. The bench subtracts it to know what metrics cost. There is no such option.
// It changes a module, so it starts the modules of dist/ and not the bundle.
import { ProxyCounters } from '../../dist/proxy/reporting/proxy-counters.js'

for (const name of ['connected', 'answered', 'ended']) {
  if (typeof ProxyCounters.prototype[name] !== 'function')
    throw new Error(`ProxyCounters has no "${name}" any more`)
  ProxyCounters.prototype[name] = () => {}
}
await import('../../dist/cli.js')
