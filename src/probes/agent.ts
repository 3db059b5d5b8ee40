/** Asks an agent what it says of its backend. */
import type { ResolvedAddress } from '../address.js'
import type { DialSetup } from '../io/socket-options.js'
import { type AgentReply, parseAgentReply } from './agent-reply.js'
import type { Probing } from './check.js'
import { type Conversation, over, send, WAIT } from './conversation.js'
import { ProbeConnection } from './probe-connection.js'

export interface AgentTarget {
  readonly address: ResolvedAddress
  /** How the socket of the connect is set up. Undefined: as the system has it. */
  readonly setup?: DialSetup | undefined
  /** Sent as soon as the connection is open, one byte for each character (U+0000 to U+00FF). Empty: nothing is sent. */
  readonly send: string
  /** For the whole question, in ms, from 1. */
  readonly timeoutMs: number
}

/**
 * Asks the agent once, and calls `done` once, never before this function has returned. Undefined: no whole line came in
 * time. As in HAProxy, that says nothing about the backend.
 */
export function askAgent(target: AgentTarget, done: (reply: AgentReply | undefined) => void): Probing {
  const { address, setup, timeoutMs } = target
  const plan = { address, setup, timeoutMs, conversation: agentConversation(target.send) }
  return new ProbeConnection(plan, (outcome) => done(outcome.kind === 'found' ? outcome.found : undefined))
}

/** A line without an end is no answer: it may have been cut. */
function agentConversation(question: string): Conversation<AgentReply> {
  let toSend = question
  return {
    next: (received) => {
      if (toSend !== '') {
        const bytes = Buffer.from(toSend, 'latin1')
        toSend = ''
        return send(bytes)
      }
      const line = received.toString()
      return /[\r\n]/.test(line) ? over(parseAgentReply(line)) : WAIT
    },
    explain: () => 'no whole line',
  }
}
