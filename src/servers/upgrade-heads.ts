/**
 * The heads of an upgrade to WebSocket (RFC 6455 section 4), between `node:http` and the rules of millrace. Pure. A request that is not
 * right in every point goes nowhere, and so does an answer: else a client could send requests through the tunnel that nobody has seen.
 */
import type { IncomingMessage } from 'node:http'
import { type ForwardFacts, forwardedHead } from '../websocket/forwarding/forward.js'
import { oneHopNames } from '../websocket/forwarding/one-hop.js'
import { headLines } from '../websocket/heads/head.js'
import { type RequestHead, readRequestHead } from '../websocket/heads/request-head.js'
import { readResponseHead } from '../websocket/heads/response-head.js'
import { acceptanceOf, upgradeOf } from '../websocket/upgrade.js'
import { Refused } from './outcome.js'

export interface UpgradeRequest {
  readonly head: RequestHead
  readonly bytes: Buffer
  /** `Sec-WebSocket-Key` as it was sent. */
  readonly key: string
}

/** Throws Refused. */
export function readUpgrade(request: IncomingMessage): UpgradeRequest {
  const { method, url, httpVersion, rawHeaders } = request
  const bytes = headOf(`${method} ${url} HTTP/${httpVersion}`, pairsOf(rawHeaders))
  const answer = readRequestHead(bytes)
  if (answer.kind === 'need-more') throw new Refused('bad-request')
  if (answer.kind === 'no-match') throw new Refused('bad-request', answer.reason, undefined, answer.status)
  const upgrade = upgradeOf(answer.value)
  if (upgrade.kind === 'none') throw new Refused('bad-request', 'no upgrade to WebSocket')
  if (upgrade.kind === 'bad') throw new Refused('bad-request', upgrade.reason, undefined, upgrade.status)
  return { head: answer.value, bytes, key: upgrade.key }
}

/** Names and values in turn, as they go to the backend. Throws Refused. */
export function fieldsForBackend(
  { head, bytes }: UpgradeRequest,
  facts: Pick<ForwardFacts, 'clientHost' | 'proto' | 'mode'>,
): string[] {
  const forwarded = forwardedHead(bytes, head, { ...facts, clientField: undefined, closes: false })
  if (!Buffer.isBuffer(forwarded))
    throw new Refused('bad-request', forwarded.reason, undefined, forwarded.status)
  const lines = headLines(forwarded).slice(1)
  return lines.filter((line) => line !== '').flatMap(splitField)
}

/** The head of a 101 as it goes to the client. Throws Refused if it does not accept the upgrade. */
export function acceptedHead(response: IncomingMessage, key: string): Buffer {
  const bytes = headOf(startOf(response), pairsOf(response.rawHeaders))
  const answer = readResponseHead(bytes)
  if (answer.kind !== 'match')
    throw new Refused('bad-answer', answer.kind === 'no-match' ? answer.reason : undefined)
  const acceptance = acceptanceOf(answer.value, key)
  if (acceptance.kind === 'accepted') return bytes
  throw new Refused('bad-answer', acceptance.kind === 'bad' ? acceptance.reason : 'no 101')
}

/** The head of any other answer as it goes to the client. Node takes chunks apart, so the end of the connection ends the body. */
export function finalHead(response: IncomingMessage): Buffer {
  const pairs = pairsOf(response.rawHeaders)
  const fields = pairs.map(([name, value]) => ({ name, value }))
  const dropped = oneHopNames(fields, (name) => name === 'content-length')
  const kept = pairs.filter(([name]) => {
    const lower = name.toLowerCase()
    return !dropped.has(lower) && lower !== 'transfer-encoding' && lower !== 'trailer'
  })
  return headOf(startOf(response), [['Connection', 'close'], ...kept])
}

type Pair = readonly [name: string, value: string]

const startOf = ({ statusCode, statusMessage }: IncomingMessage): string =>
  `HTTP/1.1 ${statusCode} ${statusMessage ?? ''}`

const headOf = (start: string, pairs: readonly Pair[]): Buffer =>
  Buffer.from([start, ...pairs.map(([name, value]) => `${name}: ${value}`), '', ''].join('\r\n'), 'latin1')

const pairsOf = (raw: readonly string[]): Pair[] =>
  raw.flatMap((name, index): Pair[] => (index % 2 === 0 ? [[name, raw[index + 1] ?? '']] : []))

function splitField(line: string): [string, string] {
  const colon = line.indexOf(':')
  return [line.slice(0, colon), line.slice(colon + 1).trim()]
}
