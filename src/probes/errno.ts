/** What the failure of a connect says: something about the backend, or about this process. Pure. */
import { SHORTAGES } from '../errors.js'
import type { ProbeReason } from './check.js'

/** EADDRNOTAVAIL: no local port is left for this address. */
const isOurs = (errno: string): boolean => SHORTAGES.has(errno) || errno === 'EADDRNOTAVAIL'

/** ETIMEDOUT: the kernel gave up before our deadline. */
export function connectReason(errno: string): ProbeReason {
  if (isOurs(errno)) return 'SOCKERR'
  return errno === 'ETIMEDOUT' ? 'L4TOUT' : 'L4CON'
}
