/** What a backend sees of a request: everything, byte for byte, but the fields that are ours to say. */
import { describe, expect, it } from 'vitest'
import { type ForwardFacts, forwardedHead } from '../../src/websocket/forward.js'
import { readRequestHead } from '../../src/websocket/request-head.js'
import { headOf, requests, upgradeHead } from './heads.js'

const FACTS: ForwardFacts = { clientHost: '192.0.2.7', proto: 'https', mode: 'replace', closes: false }

/** The lines that are sent for these, without the empty ones at the end. */
function forwarded(bytes: Buffer, facts: Partial<ForwardFacts> = {}): string[] {
  const answer = readRequestHead(bytes)
  if (answer.kind !== 'match') expect.fail(JSON.stringify(answer))
  const sent = forwardedHead(bytes, answer.value, { ...FACTS, ...facts })
  expect(readRequestHead(sent)).toMatchObject({ kind: 'match', bytes: sent.length })
  return sent.toString('latin1').split('\r\n').slice(0, -2)
}

const OURS = ['X-Forwarded-For: 192.0.2.7', 'X-Forwarded-Proto: https', 'X-Forwarded-Host: a']
const THEIRS = [
  'x-forwarded-for:  10.0.0.1 ,10.0.0.2',
  'X-FORWARDED-PROTO: gopher',
  'X-Forwarded-Host: evil',
  'X-Forwarded-For: 10.0.0.3',
  'X-Forwarded-Port: 1',
  'X_Forwarded_For: 10.0.0.4',
]
const START = ['GET /a?b HTTP/1.1', 'Host: a']
const withTheirs = headOf(...START, ...THEIRS)

describe.each(requests)('$name', ({ bytes }) => {
  it('goes on byte for byte where nothing is to be said', () => {
    expect(forwarded(bytes, { mode: 'off' }).join('\r\n')).toBe(bytes.toString('latin1').slice(0, -4))
  })

  it('goes on byte for byte before what is ours', () => {
    const lines = bytes.toString('latin1').split('\r\n').slice(0, -2)
    expect(forwarded(bytes).slice(0, lines.length)).toEqual(lines)
  })
})

describe('X-Forwarded', () => {
  it('is ours alone where it is replaced', () => {
    expect(forwarded(withTheirs)).toEqual([...START, 'X-Forwarded-Port: 1', ...OURS])
  })

  it('keeps the chain where it is appended', () => {
    const chain = 'X-Forwarded-For: 10.0.0.1 ,10.0.0.2, 10.0.0.3, 192.0.2.7'
    const sent = forwarded(withTheirs, { mode: 'append' })
    expect(sent).toEqual([...START, 'X-Forwarded-Port: 1', chain, ...OURS.slice(1)])
  })

  it('begins the chain where there is none, or an empty one', () => {
    expect(forwarded(headOf(...START), { mode: 'append' })).toEqual([...START, ...OURS])
    expect(forwarded(headOf(...START, 'X-Forwarded-For:'), { mode: 'append' })).toEqual([...START, ...OURS])
  })

  it('stays as it came where it is off', () => {
    expect(forwarded(withTheirs, { mode: 'off' })).toEqual([...START, ...THEIRS])
  })

  it('says nothing of a client without an address, and lets nobody else say it', () => {
    const sent = forwarded(withTheirs, { clientHost: undefined })
    expect(sent).toEqual([...START, 'X-Forwarded-Port: 1', ...OURS.slice(1)])
  })

  it('tells the host as it was sent, or of the target, or not at all', () => {
    expect(forwarded(headOf('GET / HTTP/1.1', 'Host: A.:80')).at(-1)).toBe('X-Forwarded-Host: A.:80')
    expect(forwarded(headOf('GET http://a/ HTTP/1.0')).at(-1)).toBe('X-Forwarded-Host: a')
    expect(forwarded(headOf('GET / HTTP/1.0')).at(-1)).toBe('X-Forwarded-Proto: https')
  })
})

describe('an ordinary request', () => {
  const closing = (...lines: string[]) => forwarded(headOf(...START, ...lines), { mode: 'off', closes: true })

  it('closes', () => {
    expect(closing()).toEqual([...START, 'Connection: close'])
    expect(closing('connection: keep-alive', 'Connection: close')).toEqual([...START, 'Connection: close'])
  })

  it('loses what is meant for one hop', () => {
    const hop = ['Keep-Alive: timeout=5', 'Upgrade: h2c', 'Proxy-Connection: keep-alive', 'HTTP2-Settings: x']
    const sent = closing('Connection: Upgrade, HTTP2-Settings', ...hop, 'X: kept')
    expect(sent).toEqual([...START, 'X: kept', 'Connection: close'])
  })

  it('loses what Connection names', () => {
    const sent = closing('TE: trailers', 'X-Secret: 1', 'Connection: te , x-SECRET')
    expect(sent).toEqual([...START, 'Connection: close'])
  })

  it('keeps what decides where it goes and ends, whatever Connection names', () => {
    const length = 'Content-Length: 5'
    expect(closing('Connection: host, content-length', length)).toEqual([
      ...START,
      length,
      'Connection: close',
    ])
    const chunked = 'Transfer-Encoding: chunked'
    expect(closing(chunked, 'Connection: Transfer-Encoding')).toEqual([
      ...START,
      chunked,
      'Connection: close',
    ])
    const chain = 'X-Forwarded-For: 10.0.0.1'
    expect(closing('Connection: x-forwarded-for', chain)).toEqual([...START, chain, 'Connection: close'])
  })
})

it('an upgrade keeps its Connection and what it names', () => {
  const bytes = upgradeHead({ Connection: 'Connection: Upgrade, X' }, 'X: 1', 'Keep-Alive: 5')
  expect(forwarded(bytes, { mode: 'off' }).join('\r\n')).toBe(bytes.toString('latin1').slice(0, -4))
})
