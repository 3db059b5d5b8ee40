/** What clients are told that get no backend: the bytes of each language, read as the protocols say. */
import { describe, expect, it } from 'vitest'
import { BY_FIRST_BYTES, BY_NAME, detectableOf, FIRST_BYTES } from '../../src/refusals/languages.js'
import { REASONS, type Reason, type Refused } from '../../src/refusals/refused.js'
import { readResponseHead } from '../../src/websocket/heads/response-head.js'
import { helloOf } from '../support/hello.js'
import { startUpOf, TLS_REQUEST } from '../support/postgres-packets.js'

const LANGUAGES = { ...BY_FIRST_BYTES, ...BY_NAME }
const refused = (reason: Reason, more: Partial<Refused> = {}): Refused => ({
  reason,
  status: 503,
  retryAfterSeconds: 5,
  ...more,
})
const bytesOf = (language: keyof typeof LANGUAGES, reason: Reason) =>
  LANGUAGES[language].bytes(refused(reason))
const textOf = (language: keyof typeof LANGUAGES, reason: Reason) =>
  bytesOf(language, reason).toString('latin1')

describe('refusals in TLS', () => {
  it.each<[Reason, number]>([
    ['denied', 49],
    ['unknown', 112],
    ['too-many', 49],
    ['unavailable', 80],
  ])('a client that is %s gets one record with the fatal alert %i', (reason, alert) => {
    expect([...bytesOf('tls', reason)]).toEqual([21, 3, 3, 0, 2, 2, alert])
  })
})

describe('refusals in HTTP', () => {
  const headOf = (more: Partial<Refused>) => {
    const bytes = BY_FIRST_BYTES.http.bytes(refused('too-many', more))
    return { answer: readResponseHead(bytes), text: bytes.toString() }
  }

  it.each([429, 503] as const)('a response with %i says when to come again, and closes', (status) => {
    const { answer, text } = headOf({ status, retryAfterSeconds: 77 })
    expect(answer).toMatchObject({ kind: 'match', value: { status, bodyKind: 'length' } })
    expect(text).toContain('\r\nRetry-After: 77\r\n')
    expect(text).toContain('\r\nConnection: close\r\n')
  })

  it.each([403, 404, 504] as const)('a response with %i does not ask the client to come again', (status) => {
    expect(headOf({ status }).text).not.toContain('Retry-After')
  })
})

describe('refusals in Postgres', () => {
  it.each<[Reason, string]>([
    ['denied', '28000'],
    ['unknown', '28000'],
    ['too-many', '53300'],
    ['unavailable', '57P03'],
  ])('a client that is %s gets a fatal ErrorResponse with SQLSTATE %s', (reason, code) => {
    const bytes = bytesOf('postgres', reason)
    expect(String.fromCharCode(bytes[0]!)).toBe('E')
    expect(bytes.readUInt32BE(1)).toBe(bytes.length - 1)
    const fields = bytes.toString('latin1', 5).split('\0')
    expect(fields).toEqual(['SFATAL', 'VFATAL', `C${code}`, expect.stringMatching(/^M./), '', ''])
  })
})

describe('refusals in Redis', () => {
  it('a client above a limit gets the error of maxclients', () => {
    expect(textOf('redis', 'too-many')).toBe('-ERR max number of clients reached\r\n')
  })

  it('each refusal in Redis is one simple error', () => {
    for (const reason of REASONS) expect(textOf('redis', reason)).toMatch(/^-[A-Z]+ [ -~]+\r\n$/)
  })
})

describe('refusals in MySQL', () => {
  it.each<[Reason, number, string]>([
    ['denied', 1130, 'HY000'],
    ['unknown', 1130, 'HY000'],
    ['too-many', 1040, '08004'],
    ['unavailable', 1053, '08S01'],
  ])('a client that is %s gets an ERR packet with error %i (%s)', (reason, code, state) => {
    const bytes = bytesOf('mysql', reason)
    expect(bytes.readUIntLE(0, 3)).toBe(bytes.length - 4)
    expect([bytes[3], bytes[4], bytes.readUInt16LE(5)]).toEqual([0, 255, code])
    expect(bytes.toString('latin1', 7)).toMatch(new RegExp(`^#${state}[A-Z][ -~]+$`))
  })
})

describe('refusals in SMTP', () => {
  it('each refusal in SMTP is one line with 421, so that mail is sent again later', () => {
    for (const reason of REASONS) expect(textOf('smtp', reason)).toMatch(/^421 4\.[37]\.\d [ -~]{1,480}\r\n$/)
  })
})

it('no refusal is longer than one packet on the network', () => {
  for (const language of Object.values(LANGUAGES))
    for (const reason of REASONS) expect(language.bytes(refused(reason)).length).toBeLessThan(500)
})

describe('the first bytes', () => {
  const found = (bytes: Buffer | string) => {
    const answer = FIRST_BYTES.answer(Buffer.from(bytes))
    return answer.kind === 'match' ? detectableOf(answer.value) : answer.kind
  }

  it('the first bytes tell in which language a client can be told no', async () => {
    expect(found(await helloOf({}))).toBe('tls')
    expect(found('GET / HTTP/1.1\r\n')).toBe('http')
    expect(found(TLS_REQUEST)).toBe('postgres')
    expect(found(startUpOf({ user: 'app' }))).toBe('postgres')
    expect(found('*1\r\n$4\r\nPING\r\n')).toBe('redis')
    expect(found('ping\r\n')).toBe('redis')
  })

  it('a part of a ClientHello decides as soon as its record and its type are there', async () => {
    const hello = await helloOf({})
    expect(found(hello.subarray(0, 5))).toBe('need-more')
    expect(found(hello.subarray(0, 6))).toBe('tls')
  })

  it('other clients have no language in which they can be told no', () => {
    for (const bytes of ['SSH-2.0-x\r\n', 'HELO a.test\r\n', '\x03\x00\x00\x0b\x06\xe0\x00\x00\x00\x00\x00'])
      expect(found(bytes)).toBeUndefined()
  })
})
