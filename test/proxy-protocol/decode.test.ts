import { describe, expect, it } from 'vitest'
import { decodeProxyHeader } from '../../src/proxy-protocol/decode.js'
import { hex, INET, tlv, v2, vectors } from './headers.js'

const PAYLOADS = [
  'GET / HTTP/1.1\r\n\r\n',
  'PROXY TCP4 1.1.1.1 2.2.2.2 3 4\r\n',
  '\r\n\r\n\0\r\nQUIT\n',
  '\n',
  '\0',
]

describe.each(vectors)('decodeProxyHeader with $name', ({ name, bytes, header }) => {
  const match = { kind: 'match', value: header, bytes: bytes.length }

  it(`decodeProxyHeader reads ${name}`, () => {
    expect(decodeProxyHeader(bytes)).toEqual(match)
  })

  // The decoder gets all bytes that have come so far. So these beginnings cover every way to split a header.
  it(`decodeProxyHeader needs more at every byte before the last of ${name}`, () => {
    const answers = Array.from(bytes, (_, length) => decodeProxyHeader(bytes.subarray(0, length)).kind)
    expect(new Set(answers)).toEqual(new Set(['need-more']))
  })

  it.each(PAYLOADS)(`decodeProxyHeader ends ${name} where the payload %j begins`, (payload) => {
    expect(decodeProxyHeader(Buffer.concat([bytes, Buffer.from(payload)]))).toEqual(match)
  })
})

describe('decodeProxyHeader', () => {
  it('decodeProxyHeader shares no memory with its input', () => {
    const bytes = v2('2111', INET, tlv(5, 'unique'))
    const answer = decodeProxyHeader(bytes)
    bytes.fill(0)
    expect(answer).toMatchObject({ value: { uniqueId: Buffer.from('unique') } })
  })

  it('decodeProxyHeader returns the checksum as it came, and does not change its input', () => {
    const bytes = vectors.find(({ name }) => name === 'v2: a checksum')!.bytes
    const before = Buffer.from(bytes)
    expect(decodeProxyHeader(bytes)).toMatchObject({ value: { tlvs: [{ value: before.subarray(-4) }] } })
    expect(bytes).toEqual(before)
  })

  it('decodeProxyHeader does not call a client verified that gave no certificate', () => {
    const answer = decodeProxyHeader(v2('2111', INET, tlv(0x20, hex('0100000000'))))
    expect(answer).toMatchObject({ value: { ssl: { isTls: true, isVerified: false } } })
  })

  it('decodeProxyHeader does not call a client verified whose certificate was refused', () => {
    const answer = decodeProxyHeader(v2('2111', INET, tlv(0x20, hex('0700000012'))))
    expect(answer).toMatchObject({ value: { ssl: { hasCertificate: true, isVerified: false } } })
  })

  it('decodeProxyHeader leaves out TLS details that are not valid text', () => {
    const nested = tlv(0x21, 'TLS\0') + tlv(0x22, Buffer.from([0xff])) + tlv(0x23, 'é')
    const answer = decodeProxyHeader(v2('2111', INET, tlv(0x20, hex(`0100000001${nested}`))))
    const ssl = { isTls: true, hasCertificate: false, hasSessionCertificate: false, isVerified: false }
    expect(answer).toHaveProperty('value.ssl', ssl)
  })

  it('decodeProxyHeader leaves a second header to the payload', () => {
    const first = v2('2111', INET)
    expect(decodeProxyHeader(Buffer.concat([first, first]))).toMatchObject({ bytes: first.length })
  })
})
