/**
 * Performs one check of one address. It knows no clusters and no config, and its only timers are the deadline of the check
 * and the one of the close.
 */
import { encodeLocalHeader } from '../proxy-protocol/encode.js'
import type { Check, ProbeResult, ProbeTarget, Probing } from './check.js'
import { type Conversation, over } from './conversation.js'
import { httpConversation } from './http.js'
import { ProbeConnection } from './probe-connection.js'
import { scriptConversation } from './script.js'
import { tlsPlan } from './tls.js'

/**
 * Checks `target`, and calls `done` once with the result, never before this function has returned. Whatever the backend
 * does, the result comes after `timeoutMs`, or later if this process was busy or stopped. After a conversation the
 * connection may take 1 s more to close.
 */
export function probe(check: Check, target: ProbeTarget, done: (result: ProbeResult) => void): Probing {
  const isInTls = check.kind === 'tls' || (check.kind !== 'tcp' && target.tls !== undefined)
  const clientName = check.kind === 'http' ? check.host : undefined
  const plan = {
    address: target.address,
    setup: target.setup,
    timeoutMs: target.timeoutMs,
    header: target.sendProxy && encodeLocalHeader(target.sendProxy === 'v1' ? 1 : 2),
    tls: isInTls ? tlsPlan(target, check.kind === 'http', clientName) : undefined,
    conversation: conversationOf(check, target, isInTls),
  }
  return new ProbeConnection(plan, (outcome) => {
    if (outcome.kind === 'found') done(outcome.found)
    else done({ passed: false, reason: outcome.reason, detail: outcome.detail })
  })
}

function conversationOf(check: Check, target: ProbeTarget, isInTls: boolean): Conversation<ProbeResult> {
  if (check.kind === 'http') return httpConversation(check, target)
  if (check.kind === 'script') return scriptConversation(check, isInTls)
  return nothing({ passed: true, reason: isInTls ? 'L6OK' : 'L4OK', detail: undefined })
}

/** The connection alone is enough. */
const nothing = (result: ProbeResult): Conversation<ProbeResult> => ({
  next: () => over(result),
  explain: () => '',
})
