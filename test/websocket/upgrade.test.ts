/** Which requests are upgrades, and which responses accept them. */
import { describe, expect, it } from 'vitest'
import type { HeadAnswer } from '../../src/websocket/heads/head.js'
import { readRequestHead } from '../../src/websocket/heads/request-head.js'
import { readResponseHead } from '../../src/websocket/heads/response-head.js'
import { acceptanceOf, upgradeOf } from '../../src/websocket/upgrade.js'
import { ACCEPT, acceptanceHead, headOf, KEY, UPGRADE_FIELDS, upgradeHead } from './heads.js'

function matched<Head>(answer: HeadAnswer<Head>): Head {
  if (answer.kind !== 'match') expect.fail(JSON.stringify(answer))
  return answer.value
}
const upgrade = (bytes: Buffer) => upgradeOf(matched(readRequestHead(bytes)))
const acceptance = (bytes: Buffer, key: string | undefined = KEY) =>
  acceptanceOf(matched(readResponseHead(bytes)), key)

describe('upgrades', () => {
  it.each([
    ['as in RFC 6455', upgradeHead()],
    ['in other letters', upgradeHead({ Upgrade: 'UPGRADE: WebSocket', Connection: 'connection: UPGRADE' })],
    ['among other tokens', upgradeHead({ Connection: 'Connection: keep-alive,, \tUpgrade ,' })],
    ['in a second Connection', upgradeHead({ Connection: 'Connection: keep-alive\r\nConnection: upgrade' })],
    ['with a body of no bytes', upgradeHead({}, 'Content-Length: 0')],
    ['with empty elements', upgradeHead({ Upgrade: 'Upgrade: , websocket ,' })],
  ])('an upgrade is recognized %s', (_, bytes) => {
    expect(upgrade(bytes)).toEqual({ kind: 'websocket', key: KEY })
  })

  it.each([
    ['an ordinary request', headOf('GET / HTTP/1.1', 'Host: a', 'Connection: keep-alive')],
    ['Connection: upgrade alone', upgradeHead({ Upgrade: '' })],
    ['the fields of WebSocket alone', upgradeHead({ Upgrade: '', Connection: '' })],
    ['HTTP/1.0', headOf('GET /chat HTTP/1.0', ...UPGRADE_FIELDS)],
    ...['h2c', 'h2c, websocket', 'websocket\r\nUpgrade: h2c', 'websocket, websocket', 'websocket/13', ''].map(
      (protocols): [string, Buffer] => [
        `an offer of ${JSON.stringify(protocols)}`,
        upgradeHead({ Upgrade: `Upgrade: ${protocols}` }),
      ],
    ),
  ])('no upgrade is recognized in %s', (_, bytes) => {
    expect(upgrade(bytes)).toEqual({ kind: 'none' })
  })

  const connection = 'Upgrade without Connection: upgrade'
  const key = 'bad Sec-WebSocket-Key'
  const version = 'Sec-WebSocket-Version other than 13'
  const start = (line: string) => headOf(line, ...UPGRADE_FIELDS)
  it.each([
    ['Connection is missing', upgradeHead({ Connection: '' }), 400, connection],
    ['Connection is something else', upgradeHead({ Connection: 'Connection: close' }), 400, connection],
    ['Connection is a longer word', upgradeHead({ Connection: 'Connection: upgraded' }), 400, connection],
    ['Connection has a parameter', upgradeHead({ Connection: 'Connection: upgrade;a' }), 400, connection],
    ['Connection is quoted', upgradeHead({ Connection: 'Connection: "upgrade"' }), 400, connection],
    [
      'the words are separated by a space',
      upgradeHead({ Connection: 'Connection: x upgrade' }),
      400,
      connection,
    ],
    ['its method is POST', start('POST /chat HTTP/1.1'), 400, 'upgrade of another method than GET'],
    ['its method is HEAD', start('HEAD /chat HTTP/1.1'), 400, 'upgrade of another method than GET'],
    ['its method is OPTIONS', start('OPTIONS * HTTP/1.1'), 400, 'upgrade of another method than GET'],
    ['it has a body', upgradeHead({}, 'Content-Length: 25'), 400, 'upgrade with a body'],
    ['it has a chunked body', upgradeHead({}, 'Transfer-Encoding: chunked'), 400, 'upgrade with a body'],
    ['the version is missing', upgradeHead({ 'Sec-WebSocket-Version': '' }), 426, version],
    ['the version is 8', upgradeHead({ 'Sec-WebSocket-Version': 'Sec-WebSocket-Version: 8' }), 426, version],
    [
      'the version is 013',
      upgradeHead({ 'Sec-WebSocket-Version': 'Sec-WebSocket-Version: 013' }),
      426,
      version,
    ],
    [
      'the version is a list',
      upgradeHead({ 'Sec-WebSocket-Version': 'Sec-WebSocket-Version: 13, 8' }),
      426,
      version,
    ],
    ['the version is there twice', upgradeHead({}, 'Sec-WebSocket-Version: 13'), 426, version],
    ['the key is missing', upgradeHead({ 'Sec-WebSocket-Key': '' }), 400, key],
    ['the key is there twice', upgradeHead({}, `Sec-WebSocket-Key: ${KEY}`), 400, key],
    ['the key is empty', upgradeHead({ 'Sec-WebSocket-Key': 'Sec-WebSocket-Key:' }), 400, key],
    [
      'the key is of 15 bytes',
      upgradeHead({ 'Sec-WebSocket-Key': 'Sec-WebSocket-Key: YWFhYWFhYWFhYWFhYWFh' }),
      400,
      key,
    ],
    [
      'the key is unpadded',
      upgradeHead({ 'Sec-WebSocket-Key': `Sec-WebSocket-Key: ${KEY.slice(0, -2)}` }),
      400,
      key,
    ],
    [
      'the key is in the other base64',
      upgradeHead({ 'Sec-WebSocket-Key': 'Sec-WebSocket-Key: _-hlIHNhbXBsZSBub25jZQ==' }),
      400,
      key,
    ],
  ])('an upgrade is refused if %s', (_, bytes, status, reason) => {
    expect(upgrade(bytes)).toEqual({ kind: 'bad', status, reason })
  })
})

describe('acceptances', () => {
  it.each([
    ['as in RFC 6455', acceptanceHead()],
    [
      'in other letters',
      acceptanceHead({ Upgrade: 'upgrade: WebSocket', Connection: 'connection: upgrade' }),
    ],
    ['with other words', acceptanceHead({ start: 'HTTP/1.1 101 ' }, 'Server: x')],
    ['among other tokens', acceptanceHead({ Connection: 'Connection: keep-alive, Upgrade' })],
  ])('an acceptance is recognized %s', (_, bytes) => {
    expect(acceptance(bytes)).toEqual({ kind: 'accepted' })
  })

  it.each([100, 102, 103, 199])('an acceptance may still come after a %i', (status) => {
    expect(acceptance(acceptanceHead({ start: `HTTP/1.1 ${status} x` }))).toEqual({ kind: 'interim' })
  })

  it.each([200, 204, 301, 400, 426, 503])(
    'a response of %i is no acceptance, whatever its fields say',
    (status) => {
      expect(acceptance(acceptanceHead({ start: `HTTP/1.1 ${status} x` }))).toEqual({ kind: 'final' })
    },
  )

  it.each([
    ['it is in HTTP/1.0', acceptanceHead({ start: 'HTTP/1.0 101 x' }), '101 in HTTP/1.0'],
    ['Connection is missing', acceptanceHead({ Connection: '' }), '101 without Connection: upgrade'],
    [
      'Connection is close',
      acceptanceHead({ Connection: 'Connection: close' }),
      '101 without Connection: upgrade',
    ],
    ['Upgrade is missing', acceptanceHead({ Upgrade: '' }), '101 to another protocol than websocket'],
    ['it is to h2c', acceptanceHead({ Upgrade: 'Upgrade: h2c' }), '101 to another protocol than websocket'],
    [
      'it is to two protocols',
      acceptanceHead({ Upgrade: 'Upgrade: websocket, h2c' }),
      '101 to another protocol than websocket',
    ],
    ['the proof is missing', acceptanceHead({ 'Sec-WebSocket-Accept': '' }), 'wrong Sec-WebSocket-Accept'],
    [
      'the proof is there twice',
      acceptanceHead({}, `Sec-WebSocket-Accept: ${ACCEPT}`),
      'wrong Sec-WebSocket-Accept',
    ],
    [
      'the proof is of another key',
      acceptanceHead({ 'Sec-WebSocket-Accept': `Sec-WebSocket-Accept: ${KEY}` }),
      'wrong Sec-WebSocket-Accept',
    ],
    [
      'the proof is in other letters',
      acceptanceHead({ 'Sec-WebSocket-Accept': `Sec-WebSocket-Accept: ${ACCEPT.toLowerCase()}` }),
      'wrong Sec-WebSocket-Accept',
    ],
  ])('an acceptance is refused if %s', (_, bytes, reason) => {
    expect(acceptance(bytes)).toEqual({ kind: 'bad', reason })
  })

  it('an acceptance is refused if the client has asked for no upgrade', () => {
    const response = matched(readResponseHead(acceptanceHead()))
    expect(acceptanceOf(response, undefined)).toEqual({ kind: 'bad', reason: '101 to no upgrade' })
  })
})
