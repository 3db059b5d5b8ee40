/** The hand-written serializer of records writes the same values as JSON.stringify, whatever is in the record. */
import { hostname } from 'node:os'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type ConnectionFacts, type RecordEnding, toRecord } from '../../../src/observe/records/record.js'
import { RecordLine } from '../../../src/observe/records/record-line.js'
import { UNSAFE_SAMPLES, unsafeIn } from '../../support/unsafe.js'

const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined })
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('127.0.0.1:80', '"\\', ...UNSAFE_SAMPLES),
)
const micros = fc.oneof(fc.nat(2000), fc.nat(), fc.maxSafeNat())
const http = fc.record({ method: text, authority: text, path: text, status: maybe(fc.nat()) })

const sending = fc.record({
  busyMicros: micros,
  rwndMicros: micros,
  sndbufMicros: micros,
  retransmits: fc.nat(9),
  rtoMicros: fc.nat(),
  ackedBytes: fc.maxSafeNat(),
  bytesPerSecond: fc.maxSafeNat(),
  silentMs: fc.nat(),
})
const life = fc.record({
  totalMicros: micros,
  waitMicros: micros,
  queuedMicros: micros,
  connectMicros: micros,
  firstByteMicros: maybe(micros),
  client: sending,
  backend: sending,
  totals: fc.record({ receivedUp: fc.maxSafeNat(), receivedDown: fc.maxSafeNat() }),
  slowed: fc.constant(undefined),
})

const facts = fc.record({
  acceptedAt: fc.double({ min: 0, max: 4e12, noNaN: true }),
  listener: text,
  protocol: fc.constantFrom('TCP', 'TLS', 'WSS'),
  tags: fc.dictionary(text, text),
  client: text,
  peer: fc.option(text, { nil: undefined }),
  proxy: fc.constant(undefined),
  speaks: maybe(text),
  sni: maybe(text),
  alpn: maybe(fc.array(text)),
  tls: maybe(fc.record({ version: text, cipher: text, clientName: maybe(text) })),
  backendTls: maybe(fc.record({ version: text, cipher: text, alpn: maybe(text) })),
  http: maybe(http),
  cluster: maybe(text),
  backend: maybe(text),
  backendAddress: maybe(text),
  via: maybe(text),
  retries: fc.nat(),
  choice: maybe(
    fc.record({ rule: text, open: maybe(fc.nat()), skipped: fc.array(fc.record({ backend: text })) }),
  ),
  waitMicros: maybe(micros),
  queuedMicros: maybe(micros),
  connectMicros: maybe(micros),
  firstByteMicros: maybe(micros),
  totalMicros: micros,
  clientRttMicros: maybe(fc.nat()),
  backendRttMicros: maybe(fc.nat()),
  bytesUp: fc.maxSafeNat(),
  bytesDown: fc.maxSafeNat(),
  splicedUp: fc.maxSafeNat(),
  splicedDown: fc.maxSafeNat(),
  notSplicing: maybe(fc.constantFrom('small', 'switched-off', 'addon-failed: "no" \n file')),
  life: maybe(life),
}) as fc.Arbitrary<ConnectionFacts>

const ending = fc.record({
  by: fc.constantFrom('client', 'backend', 'proxy'),
  phase: fc.constantFrom('opening', 'queue', 'connect', 'response', 'data'),
  cause: fc.oneof(
    fc.constant('finished'),
    text.map((detail) => `bad-hello: ${detail}`),
  ),
  errno: maybe(fc.constantFrom('ECONNRESET', 'errno 500')),
  waitedFor: maybe(fc.constantFrom('client', 'backend')),
}) as fc.Arbitrary<RecordEnding>

const ID = '01ARYZ6S410000000000000000'
const now = fc.integer({ min: 1e9, max: 4e12 })

it('RecordLine writes the same values as JSON.stringify, whatever is in the record', () => {
  const line = new RecordLine()
  fc.assert(
    fc.property(facts, maybe(ending), now, (connection, ended, time) => {
      const { bytes, length } = line.write(ID, connection, ended, time)
      const text = bytes.toString('utf8', 0, length)
      expect(text.indexOf('\n')).toBe(text.length - 1)
      expect(unsafeIn(text)).toEqual([])
      const msg = ended === undefined ? 'connection is open' : 'connection'
      const source = { level: 30, time, pid: process.pid, hostname: hostname(), msg }
      const record = { ...source, ...toRecord(ID, connection, ended) }
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(record)))
    }),
    { numRuns: 2000 },
  )
})
