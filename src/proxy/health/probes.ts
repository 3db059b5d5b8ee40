/** How backends and agents are probed. The network by default, or its substitute in a test. */
import { type AgentTarget, askAgent } from '../../probes/agent.js'
import type { AgentReply } from '../../probes/agent-reply.js'
import type { Check, ProbeResult, ProbeTarget, Probing } from '../../probes/check.js'
import { probe } from '../../probes/probe.js'

export interface Probes {
  probe(check: Check, target: ProbeTarget, done: (result: ProbeResult) => void): Probing
  askAgent(target: AgentTarget, done: (reply: AgentReply | undefined) => void): Probing
}

export const NETWORK_PROBES: Probes = { probe, askAgent }
