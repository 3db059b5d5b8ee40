/** The record and HAProxy's termination code. Operators grep for them, so the test writes down every entry. */
import { describe, expect, it } from 'vitest'
import { type ConnectionFacts, type RecordEnding, toRecord } from '../../../src/observe/records/record.js'
import { terminationCode } from '../../../src/observe/records/termination.js'
import { recordSchema } from '../../support/record-fields.js'

const ENDINGS: readonly [RecordEnding, string][] = [
  [{ by: 'client', phase: 'data', cause: 'finished' }, '--'],
  [{ by: 'backend', phase: 'data', cause: 'finished' }, '--'],
  [{ by: 'client', phase: 'data', cause: 'reset' }, 'CD'],
  [{ by: 'backend', phase: 'data', cause: 'reset' }, 'SD'],
  [{ by: 'proxy', phase: 'data', cause: 'idle-timeout', waitedFor: 'client' }, 'cD'],
  [{ by: 'proxy', phase: 'data', cause: 'idle-timeout', waitedFor: 'backend' }, 'sD'],
  [{ by: 'proxy', phase: 'data', cause: 'idle-timeout' }, 'cD'],
  [{ by: 'client', phase: 'data', cause: 'idle-timeout' }, 'cD'],
  [{ by: 'backend', phase: 'data', cause: 'idle-timeout' }, 'sD'],
  [{ by: 'client', phase: 'response', cause: 'idle-timeout' }, 'cH'],
  [{ by: 'backend', phase: 'response', cause: 'response-timeout' }, 'sH'],
  [{ by: 'proxy', phase: 'opening', cause: 'route-timeout' }, 'PR'],
  [{ by: 'proxy', phase: 'data', cause: 'half-closed-timeout', waitedFor: 'client' }, 'cD'],
  [{ by: 'proxy', phase: 'data', cause: 'half-closed-timeout', waitedFor: 'backend' }, 'sD'],
  [{ by: 'proxy', phase: 'data', cause: 'lifetime' }, 'KD'],
  [{ by: 'proxy', phase: 'data', cause: 'ordered' }, 'KD'],
  [{ by: 'proxy', phase: 'data', cause: 'infinite-loop' }, 'ID'],
  [{ by: 'proxy', phase: 'connect', cause: 'ordered' }, 'KC'],
  [{ by: 'backend', phase: 'connect', cause: 'no-backend' }, 'SC'],
  [{ by: 'backend', phase: 'connect', cause: 'connect-timeout' }, 'sC'],
  [{ by: 'proxy', phase: 'connect', cause: 'out-of-resources' }, 'RC'],
  [{ by: 'client', phase: 'connect', cause: 'client-gone' }, 'CC'],
  [{ by: 'client', phase: 'opening', cause: 'client-gone' }, 'CR'],
  [{ by: 'client', phase: 'response', cause: 'client-gone' }, 'CH'],
  [{ by: 'client', phase: 'opening', cause: 'first-bytes-timeout' }, 'cR'],
  [{ by: 'proxy', phase: 'opening', cause: 'proxy-header: v1: bad port' }, 'PR'],
  [{ by: 'proxy', phase: 'opening', cause: 'bad-hello: not TLS' }, 'PR'],
  [{ by: 'proxy', phase: 'opening', cause: 'tls-handshake: ERR_SSL_WRONG_VERSION_NUMBER' }, 'PR'],
  [{ by: 'proxy', phase: 'opening', cause: 'bad-request: no Host' }, 'PR'],
  [{ by: 'proxy', phase: 'opening', cause: 'no-sni' }, 'PR'],
  [{ by: 'proxy', phase: 'opening', cause: 'no-route' }, 'PR'],
  [{ by: 'proxy', phase: 'opening', cause: 'upgrade-required' }, 'PR'],
  [{ by: 'proxy', phase: 'opening', cause: 'redirected' }, 'LR'],
  [{ by: 'proxy', phase: 'opening', cause: 'rejected' }, 'PR'],
  [{ by: 'proxy', phase: 'opening', cause: 'rejected: no such tenant' }, 'PR'],
  [{ by: 'proxy', phase: 'opening', cause: 'route-failed' }, 'PR'],
  [{ by: 'proxy', phase: 'opening', cause: 'ordered' }, 'KR'],
  [{ by: 'proxy', phase: 'connect', cause: 'internal-error' }, 'IC'],
  [{ by: 'proxy', phase: 'response', cause: 'internal-error' }, 'IH'],
  [{ by: 'backend', phase: 'response', cause: 'response-timeout' }, 'sH'],
  [{ by: 'backend', phase: 'response', cause: 'backend-gone' }, 'SH'],
  [{ by: 'backend', phase: 'response', cause: 'bad-response: wrong Sec-WebSocket-Accept' }, 'PH'],
  [{ by: 'backend', phase: 'response', cause: 'backend-tls: CERT_HAS_EXPIRED' }, 'PH'],
]

const ID = '01ARYZ6S410000000000000000'
const FINISHED: RecordEnding = { by: 'client', phase: 'data', cause: 'finished' }
const FACTS: ConnectionFacts = {
  acceptedAt: 1469918176385,
  listener: 'front',
  protocol: 'TCP',
  tags: { team: 'storage' },
  client: '127.0.0.1:50000',
  cluster: 'back',
  backend: 'localhost:9',
  backendAddress: '127.0.0.1:9',
  via: undefined,
  retries: 1,
  choice: undefined,
  waitMicros: 0,
  queuedMicros: undefined,
  connectMicros: 1235,
  firstByteMicros: 1,
  totalMicros: 20_000,
  clientRttMicros: 40,
  backendRttMicros: undefined,
  bytesUp: 2 ** 33,
  bytesDown: 0,
  splicedUp: 2 ** 33,
  splicedDown: 0,
  notSplicing: undefined,
  limited: undefined,
  life: undefined,
}

describe('the termination code', () => {
  it.each(ENDINGS)('the termination code of %j is %s', (ending, code) => {
    expect(terminationCode(ending)).toBe(code)
  })
})

describe('the record', () => {
  it('a record has stable names, times in ms with three decimals, and no unknown values', () => {
    expect(JSON.parse(JSON.stringify(toRecord(ID, FACTS, FINISHED)))).toEqual({
      id: '01ARYZ6S410000000000000000',
      startedAt: '2016-07-30T22:36:16.385Z',
      listener: 'front',
      protocol: 'TCP',
      tags: { team: 'storage' },
      client: '127.0.0.1:50000',
      cluster: 'back',
      backend: 'localhost:9',
      backendAddress: '127.0.0.1:9',
      via: undefined,
      retries: 1,
      timings: { waitMs: 0, connectMs: 1.235, firstByteMs: 0.001, totalMs: 20 },
      rttMicros: { client: 40 },
      bytesUp: 8589934592,
      bytesDown: 0,
      splicedUp: 8589934592,
      splicedDown: 0,
      ended: { by: 'client', phase: 'data', cause: 'finished' },
      termination: '--',
    })
  })

  it.each(ENDINGS)('the record of a connection that ended with %j has only fields of the schema', (ended) => {
    const line = JSON.parse(JSON.stringify(toRecord(ID, FACTS, ended)))
    expect(() => recordSchema.parse(line)).not.toThrow()
  })
})
