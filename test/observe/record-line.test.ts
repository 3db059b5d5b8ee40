/** A record made to text by hand is what JSON.stringify makes of it, whatever is in it. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type ConnectionFacts, type RecordEnding, toRecord } from '../../src/observe/record.js'
import { recordFields } from '../../src/observe/record-line.js'

const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined })
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('127.0.0.1:80', '"\\', '\u2028'),
)
const ms = fc.double({ min: 0, max: 1e9, noNaN: true })
const http = fc.record({ method: text, authority: text, path: text, status: maybe(fc.nat()) })

const facts = fc.record({
  acceptedAt: fc.double({ min: 0, max: 4e12, noNaN: true }),
  listener: text,
  protocol: fc.constantFrom('TCP', 'TLS', 'WSS'),
  tags: fc.dictionary(text, text),
  client: text,
  proxy: fc.constant(undefined),
  sni: maybe(text),
  alpn: maybe(fc.array(text)),
  tls: maybe(fc.record({ version: text, cipher: text, clientName: maybe(text) })),
  backendTls: maybe(fc.record({ version: text, cipher: text, alpn: maybe(text) })),
  http: maybe(http),
  cluster: maybe(text),
  backend: maybe(text),
  backendAddress: maybe(text),
  retries: fc.nat(),
  connectMs: maybe(ms),
  firstByteMs: maybe(ms),
  totalMs: ms,
  clientRttMicros: maybe(fc.nat()),
  backendRttMicros: maybe(fc.nat()),
  bytesUp: fc.maxSafeNat(),
  bytesDown: fc.maxSafeNat(),
  splicedUp: fc.maxSafeNat(),
  splicedDown: fc.maxSafeNat(),
  notSplicing: maybe(fc.constantFrom('small', 'switched-off', 'addon-failed: "no" \n file')),
}) as fc.Arbitrary<ConnectionFacts>

const ending = fc.record({
  by: fc.constantFrom('client', 'backend', 'proxy'),
  phase: fc.constantFrom('opening', 'connect', 'response', 'data'),
  cause: fc.oneof(
    fc.constant('finished'),
    text.map((detail) => `bad-hello: ${detail}`),
  ),
  errno: maybe(fc.constantFrom('ECONNRESET', 'errno 500')),
  waitedFor: maybe(fc.constantFrom('client', 'backend')),
}) as fc.Arbitrary<RecordEnding>

it('a record made to text by hand is what JSON.stringify makes of it, whatever is in it', () => {
  fc.assert(
    fc.property(facts, ending, (connection, ended) => {
      const record = toRecord('01ARYZ6S410000000000000000', connection, ended)
      expect(JSON.parse(`{${recordFields(record)}}`)).toEqual(JSON.parse(JSON.stringify(record)))
    }),
    { numRuns: 2000 },
  )
})
