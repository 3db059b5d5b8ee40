/**
 * What millrace says last to a client whose first bytes it has read, if no backend speaks to the client any more.
 */
import { httpRefusal } from '../refusals/http.js'
import { retryAfterSeconds } from '../refusals/retry-after.js'
import type { ErrorStatus } from '../websocket/error-answer.js'
import { redirectAnswer } from '../websocket/redirect.js'
import type { KnownClient } from './opening/known-client.js'

const NOTHING = Buffer.alloc(0)

/** Undefined: there is nothing to say in HTTP. For a client that has no answer yet. */
export function lastWordFor(
  { cancelRequest, policy, tls, request }: KnownClient,
  cause: string,
  status: ErrorStatus | undefined,
): Buffer | undefined {
  // Postgres does the same: a client that cancels learns nothing, not even whether there was anything to
  // cancel.
  if (cancelRequest !== undefined) return NOTHING
  // A client that expects TLS cannot read a response in the clear.
  const isTlsAhead = policy.termination !== undefined && tls === undefined
  if (policy.config.protocol !== 'http' || isTlsAhead || status === undefined) return undefined
  const { redirect } = policy.config
  if (cause === 'redirected' && redirect !== undefined && request !== undefined)
    return redirectAnswer(request.head, redirect)
  return httpRefusal({ status, retryAfterSeconds: retryAfterSeconds(cause, Date.now()) })
}
