/** Redaction leaves the network of an address, the fact that there was a name, and all other fields. */
import { BlockList, isIPv4, isIPv6 } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatAddress, parseAddress } from '../../../src/address.js'
import { REDACTABLE, type RedactableField } from '../../../src/config/schemas/log-schema.js'
import { type ConnectionFacts, toRecord } from '../../../src/observe/records/record.js'
import { redacted } from '../../../src/observe/records/redact.js'
import { recordSchema } from '../../support/record-fields.js'

const ENDED = { by: 'client', phase: 'data', cause: 'finished' } as const
const ID = '01ARYZ6S410000000000000000'
const FACTS: ConnectionFacts = {
  acceptedAt: 1469918176385,
  listener: 'front',
  protocol: 'WSS',
  tags: { tenant: 'secret-tag' },
  client: '192.0.2.77:50000',
  peer: '198.51.100.79:50001',
  proxy: {
    from: '198.51.100.78:1',
    version: 2,
    command: 'proxy',
    destination: '203.0.113.1:443',
    authority: 'secret-authority',
    uniqueId: undefined,
    tlsVersion: undefined,
    tlvs: [2],
    tlvValues: undefined,
  },
  sni: 'secret-sni',
  alpn: ['h2'],
  tls: { version: 'TLSv1.3', cipher: 'AES', clientName: 'secret-name' },
  http: { method: 'GET', authority: 'secret-host', path: '/secret-path', status: 101 },
  cluster: 'back',
  backend: 'localhost:9',
  backendAddress: '127.0.0.1:9',
  via: undefined,
  retries: 0,
  choice: undefined,
  waitMicros: 0,
  queuedMicros: undefined,
  connectMicros: 1,
  firstByteMicros: 1,
  totalMicros: 2,
  clientRttMicros: 40,
  backendRttMicros: 40,
  bytesUp: 1,
  bytesDown: 2,
  splicedUp: 0,
  splicedDown: 0,
  notSplicing: undefined,
  limited: undefined,
  life: undefined,
}

/** The texts that disappear with each field. */
const GONE: Readonly<Record<RedactableField, readonly string[]>> = {
  client: ['192.0.2.77', '50000', '198.51.100.78', '198.51.100.79', '50001'],
  sni: ['secret-sni', 'secret-authority'],
  'http.authority': ['secret-host'],
  'http.path': ['secret-path'],
  'tls.clientName': ['secret-name'],
  tags: ['tenant', 'secret-tag'],
}

function told(fields: readonly RedactableField[], facts: ConnectionFacts = FACTS): string {
  const text = JSON.stringify(toRecord(ID, redacted(facts, fields), ENDED))
  expect(() => recordSchema.parse(JSON.parse(text))).not.toThrow()
  return text
}

function clientOf(client: string): string {
  return JSON.parse(told(['client'], { ...FACTS, client })).client
}

const port = fc.integer({ min: 0, max: 65_535 })

describe('redaction', () => {
  it('redaction removes the listed fields from the record only, and leaves the others', () => {
    const before = structuredClone(FACTS)
    fc.assert(
      fc.property(fc.subarray([...REDACTABLE]), (fields) => {
        const text = told(fields)
        for (const field of REDACTABLE) {
          for (const secret of GONE[field]) expect(text.includes(secret)).toBe(!fields.includes(field))
        }
        expect(FACTS).toEqual(before)
      }),
    )
  })

  it('redaction shows that there was a name, and adds no name if there was none', () => {
    expect(JSON.parse(told(['sni']))).toMatchObject({
      sni: '[redacted]',
      proxy: { authority: '[redacted]' },
    })
    const { proxy, sni, tls, http, ...plain } = FACTS
    const record = JSON.parse(told(REDACTABLE, plain))
    for (const field of ['proxy', 'sni', 'tls', 'http']) expect(record).not.toHaveProperty(field)
  })

  it('redaction leaves 24 bits of every IPv4 address and no port', () => {
    fc.assert(
      fc.property(fc.ipV4(), port, (host, each) => {
        const [a, b, c] = host.split('.')
        expect(clientOf(`${host}:${each}`)).toBe(`${a}.${b}.${c}.0:0`)
      }),
    )
  })

  it('redaction leaves 48 bits of every IPv6 address and no port', () => {
    fc.assert(
      fc.property(fc.ipV6(), port, (host, each) => {
        fc.pre(isIPv6(host))
        const address = parseAddress(clientOf(formatAddress({ kind: 'tcp', host, port: each })))
        if (typeof address === 'string' || address.kind === 'unix') throw new Error('no address')
        const network = new BlockList()
        network.addSubnet(address.host, 48, 'ipv6')
        expect(network.check(host, 'ipv6')).toBe(true)
        expect(address.port).toBe(0)
        const rest = new BlockList()
        rest.addAddress(address.host, 'ipv6')
        expect(rest.check(maskedTo48(host), 'ipv6')).toBe(true)
      }),
    )
  })

  it.each(['unknown', 'unix:', 'unix:/run/a.sock'])(
    'redaction leaves the client %s, which identifies nobody',
    (client) => {
      expect(clientOf(client)).toBe(client)
    },
  )
})

/** The first 48 bits of an address, computed in another way: with all groups written out. */
function maskedTo48(host: string): string {
  const groups = new URL(`http://[${host}]/`).hostname.slice(1, -1)
  const [head = '', tail] = groups.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const middle = tail === undefined ? [] : new Array<string>(8 - left.length - right.length).fill('0')
  expect(isIPv4(groups)).toBe(false)
  return `${[...left, ...middle, ...right].slice(0, 3).join(':')}::`
}
