/** The one sentence for a failback that nobody needs. Pure. */
import { MillraceError } from '../errors.js'

/** The cluster has `failback: auto`. */
export function goesBackByItself(cluster: string): MillraceError {
  const message = `cluster ${JSON.stringify(cluster)} goes back by itself: only "failback: manual" needs this order`
  return new MillraceError('wrong-state', message)
}
