/**
 * How the names of backends are resolved, as a config says it: which servers are asked, and how long answers are believed.
 */
import { isIP } from 'node:net'
import type * as z from 'zod'
import { parseAddress } from '../../address.js'
import type { NameServer, NamesSettings } from '../../cluster/names/settings.js'
import { expected, quote } from '../wording.js'
import * as fields from './fields.js'

const DNS_PORT = 53
const MOST_TRIES = 10
const MOST_EMPTY_ANSWERS = 100
const MOST_JITTER_PERCENT = 50

export const USUAL_NAMES: NamesSettings = {
  servers: undefined,
  timeoutMs: undefined,
  tries: undefined,
  minTtlMs: 1000,
  maxTtlMs: 300_000,
  jitterPercent: 10,
  emptyAnswers: 3,
  emptyForMs: 30_000,
}

const server = fields
  .checkedTextField('an IP address, such as 192.0.2.53', (text) => {
    const read = readServer(text)
    return typeof read === 'string' ? read : undefined
  })
  .transform((text) => readServer(text) as NameServer)

export const namesSchema: z.ZodType<NamesSettings> = fields
  .strictMap('a map, such as { servers: [192.0.2.53] }', {
    servers: fields.optional(fields.oneOrMore('a list of DNS servers', server)),
    timeoutMs: fields.optional(fields.waitField),
    tries: fields.optional(fields.wholeNumberField(1, MOST_TRIES)),
    minTtlMs: fields.waitField.default(USUAL_NAMES.minTtlMs),
    maxTtlMs: fields.waitField.default(USUAL_NAMES.maxTtlMs),
    jitterPercent: fields.wholeNumberField(0, MOST_JITTER_PERCENT).default(USUAL_NAMES.jitterPercent),
    emptyAnswers: fields.wholeNumberField(1, MOST_EMPTY_ANSWERS).default(USUAL_NAMES.emptyAnswers),
    emptyForMs: fields.durationField.default(USUAL_NAMES.emptyForMs),
  })
  .superRefine(({ minTtlMs, maxTtlMs }, context) => {
    if (maxTtlMs >= minTtlMs) return
    const message = expected(`at least minTtlMs, which is ${minTtlMs}ms`, `${maxTtlMs}ms`)
    context.addIssue({ code: 'custom', path: ['maxTtlMs'], message })
  })

/** An IP address, or an address with a port. Returns a sentence if it is neither. */
function readServer(text: string): NameServer | string {
  if (isIP(text) !== 0) return { ip: text, port: DNS_PORT }
  const address = parseAddress(text)
  if (typeof address === 'object' && address.kind === 'tcp' && isIP(address.host) !== 0 && address.port > 0)
    return { ip: address.host, port: address.port }
  return `a DNS server needs an IP address: write one such as 192.0.2.53 or ${quote('[2001:db8::53]:5353')}`
}
