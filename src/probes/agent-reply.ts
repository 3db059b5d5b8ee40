/**
 * One answer of an agent, as HAProxy's `agent-check` defines it: words, divided by spaces, tabs or commas, then perhaps `#`
 * and a reason. Pure.
 */
import { printable } from './printable.js'

/** What the agent said. A field that it did not name is missing, and stays what it was. */
export interface AgentReply {
  readonly isUp?: boolean
  readonly admin?: 'ready' | 'drain' | 'maint'
  /** Percent of the weight that the config gives, from 0. `weight` is then missing. */
  readonly weightPercent?: number
  /** Takes the place of the weight that the config gives, 0 to 1000. `weightPercent` is then missing. */
  readonly weight?: number
  /** How many connections the backend may have, from 1. */
  readonly maxConnections?: number
  /** The text behind `#`: printable, at most 200 characters. */
  readonly reason?: string
}

const KEYWORDS: ReadonlyMap<string, AgentReply> = new Map<string, AgentReply>([
  ['up', { isUp: true }],
  ['down', { isUp: false }],
  ['fail', { isUp: false }],
  ['stopped', { isUp: false }],
  ['ready', { admin: 'ready' }],
  ['drain', { admin: 'drain' }],
  ['maint', { admin: 'maint' }],
])
const PERCENT = /^(?:weight:)?(\d+)%$/
const ABSOLUTE_WEIGHT = /^weight:(\d+)$/
const MAX_CONNECTIONS = /^maxconn:(\d+)$/
const MOST_CONNECTIONS = 10_000_000
/** From weight 1 to the highest weight. */
const MOST_PERCENT = 100_000
const MOST_WEIGHT = 1000
/** A `#` begins the reason only where a word could begin. */
const REASON = /(?:^|[ \t,])#(.*)$/

/**
 * Reads the first line of what an agent sent. Case does not matter. Of several words of one kind the last one holds.
 * Unknown words, weights above 1000 and `maxconn:0` are ignored.
 */
export function parseAgentReply(text: string): AgentReply {
  const [line = ''] = text.split(/[\r\n]/, 1)
  const [, rest = ''] = REASON.exec(line) ?? []
  const words = line.replace(REASON, '').split(/[ \t,]+/)
  const reply = words.reduce<AgentReply>((said, word) => hear(said, word.toLowerCase()), {})
  const reason = printable(rest).trim()
  return reason === '' ? reply : { ...reply, reason }
}

function hear(said: AgentReply, word: string): AgentReply {
  const maxConnections = Number(MAX_CONNECTIONS.exec(word)?.[1] ?? 0)
  if (maxConnections > 0) return { ...said, maxConnections: Math.min(maxConnections, MOST_CONNECTIONS) }
  const weight = readWeight(word)
  if (weight === undefined) return { ...said, ...KEYWORDS.get(word) }
  const { weight: _, weightPercent: __, ...others } = said
  return { ...others, ...weight }
}

function readWeight(word: string): Pick<AgentReply, 'weight' | 'weightPercent'> | undefined {
  const [, percent] = PERCENT.exec(word) ?? []
  if (percent !== undefined) return { weightPercent: Math.min(Number(percent), MOST_PERCENT) }
  const weight = Number(ABSOLUTE_WEIGHT.exec(word)?.[1] ?? Number.NaN)
  return weight <= MOST_WEIGHT ? { weight } : undefined
}
