/**
 * What is surely meant otherwise in a good config. `check` tells it, and nothing is refused. Works on the unchecked input of a config
 * that has no problem.
 */
import type { Finding } from '../checks/path.js'
import { expiringCertificates } from './certificates.js'
import { equalRoutes } from './equal-routes.js'
import { hostBits } from './host-bits.js'
import { loops } from './loops.js'
import { shortTimes } from './short-times.js'
import { unusedClusters } from './unused-clusters.js'
import { unwritable } from './writable.js'

export function findWarnings(input: unknown): Finding[] {
  const finders = [shortTimes, equalRoutes, unusedClusters, hostBits, loops, expiringCertificates, unwritable]
  return finders.flatMap((find) => find(input))
}
