import { expect, it } from 'vitest'
import { validateConfig } from '../../../src/config/validate.js'
import { RunningProxy } from '../../../src/proxy/running-proxy.js'
import { differences } from '../../../src/workers/state/differences.js'

it('differences names what is not the same in all workers, but not what only some of them have', () => {
  const proxyOf = (names: readonly string[]) =>
    new RunningProxy(
      validateConfig({
        listeners: names.map((name, index) => ({ name, address: `127.0.0.1:${index + 1}`, cluster: 'c' })),
        clusters: { c: { backends: ['10.0.0.1:80', '10.0.0.2:80'] } },
      }),
    )
  const one = proxyOf(['web', 'local'])
  const other = proxyOf(['web'])
  expect(differences([one.status(), other.status()])).toEqual([])
  one.clusters.set('c', '10.0.0.2:80', { state: 'maint' })
  other.log.level = 'debug'
  expect(differences([one.status(), other.status()])).toEqual(['logLevel', 'backends.c/10.0.0.2:80'])
  expect(differences([])).toEqual([])
})
