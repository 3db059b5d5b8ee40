/**
 * Reads a TLS ClientHello (RFC 8446 section 4.1.2) without answering it: the name that the client asks for,
 * and what it can speak. Pure, without memory between calls. A hello that cannot be read never counts as one
 * without a name. Otherwise a client could get around routes by name.
 */
import { normalizeName } from '../names.js'
import { type Answer, noMatch } from './answer.js'
import { Cursor } from './cursor.js'
import { beginsHandshake, HANDSHAKE_START_BYTES, readHandshake } from './tls-records.js'

/** The longest hello that millrace waits for, record headers included. */
export const MOST_HELLO_BYTES = 16 * 1024

export interface ClientHello {
  /** SNI (RFC 6066 section 3), in lower case, no trailing dot. Undefined if the client asks for no name. */
  readonly serverName: string | undefined
  /** Protocols offered by ALPN (RFC 7301), best first. */
  readonly alpn: readonly string[]
  /** Versions offered, such as `TLSv1.3`, best first. Unknown ones are left out. */
  readonly versions: readonly string[]
}

const CLIENT_HELLO = 1
const RANDOM_BYTES = 32
const MOST_SESSION_ID_BYTES = 32
const EXTENSIONS = { serverName: 0, alpn: 16, supportedVersions: 43 } as const
const HOST_NAME = 0
const VERSIONS: ReadonlyMap<number, string> = new Map([
  [0x0304, 'TLSv1.3'],
  [0x0303, 'TLSv1.2'],
  [0x0302, 'TLSv1.1'],
  [0x0301, 'TLSv1'],
  [0x0300, 'SSLv3'],
])

/**
 * Reads the hello at the start of `bytes`, put together from all records that carry it. It says `need-more`
 * only while the bytes may still become a hello, and never from 16 KiB on. Nothing in a match shares memory
 * with `bytes`.
 */
export function readClientHello(bytes: Buffer): Answer<ClientHello> {
  const handshake = readHandshake(bytes, CLIENT_HELLO, MOST_HELLO_BYTES)
  if (handshake.kind === 'need-more' && bytes.length >= MOST_HELLO_BYTES) return noMatch('hello too long')
  if (handshake.kind !== 'match') return handshake
  const value = readBody(handshake.value)
  return typeof value === 'string' ? noMatch(value) : { kind: 'match', value, bytes: handshake.bytes }
}

/** `beginsClientHello` has an answer when it sees so many bytes. */
export const CLIENT_HELLO_BYTES = HANDSHAKE_START_BYTES

/** Whether `bytes` begin a hello, whatever follows: RFC 8446 sections 4 and 5.1. */
export const beginsClientHello = (bytes: Buffer): Answer<unknown>['kind'] =>
  beginsHandshake(bytes, CLIENT_HELLO)

function readBody(body: Buffer): ClientHello | string {
  const cursor = new Cursor(body)
  const legacyVersion = cursor.number(2)
  cursor.take(RANDOM_BYTES)
  const sessionId = cursor.vector(1)
  const suites = cursor.vector(2)
  const compression = cursor.vector(1)
  // Before TLS 1.3 a hello may end here.
  const extensions = cursor.isAtEnd ? new Map<number, Buffer>() : readExtensions(cursor.vector(2))
  if (cursor.isShort || !cursor.isAtEnd) return 'lengths do not fit'
  if (sessionId.length > MOST_SESSION_ID_BYTES) return 'session id too long'
  if (suites.length === 0 || suites.length % 2 !== 0) return 'bad list of cipher suites'
  if (compression.length === 0) return 'no compression method'
  return typeof extensions === 'string' ? extensions : readHello(extensions, legacyVersion)
}

function readExtensions(bytes: Buffer): ReadonlyMap<number, Buffer> | string {
  const extensions = new Map<number, Buffer>()
  const cursor = new Cursor(bytes)
  while (!cursor.isAtEnd) {
    const type = cursor.number(2)
    const data = cursor.vector(2)
    if (cursor.isShort) return 'extension cut short'
    if (extensions.has(type)) return 'extension twice'
    extensions.set(type, data)
  }
  return extensions
}

function readHello(extensions: ReadonlyMap<number, Buffer>, legacyVersion: number): ClientHello | string {
  const name = extensions.get(EXTENSIONS.serverName)
  const protocols = extensions.get(EXTENSIONS.alpn)
  const supported = extensions.get(EXTENSIONS.supportedVersions)
  const serverName = name && readServerName(name)
  const alpn = protocols === undefined ? [] : readAlpn(protocols)
  const offered = supported === undefined ? [legacyVersion] : readVersions(supported)
  if (typeof serverName === 'object') return serverName.wrong
  if (alpn === undefined) return 'bad ALPN extension'
  if (offered === undefined) return 'bad list of versions'
  return { serverName, alpn, versions: offered.flatMap((version) => VERSIONS.get(version) ?? []) }
}

function readServerName(data: Buffer): string | { readonly wrong: string } {
  const list = new Cursor(data)
  const entry = new Cursor(list.vector(2))
  const type = entry.number(1)
  const name = entry.vector(2)
  if (list.isShort || !list.isAtEnd || entry.isShort || !entry.isAtEnd || type !== HOST_NAME) {
    return { wrong: 'bad server name extension' }
  }
  return normalizeName(name.toString('latin1')) ?? { wrong: 'server name: not a host name' }
}

function readAlpn(data: Buffer): string[] | undefined {
  const list = new Cursor(data)
  const names = new Cursor(list.vector(2))
  const protocols: string[] = []
  while (!names.isAtEnd && !names.isShort) protocols.push(names.vector(1).toString('latin1'))
  const isFine = !list.isShort && list.isAtEnd && !names.isShort && protocols.length > 0
  return isFine && !protocols.includes('') ? protocols : undefined
}

function readVersions(data: Buffer): number[] | undefined {
  const list = new Cursor(data)
  const versions = list.vector(1)
  if (list.isShort || !list.isAtEnd || versions.length === 0 || versions.length % 2 !== 0) return undefined
  return Array.from({ length: versions.length / 2 }, (_, index) => versions.readUInt16BE(2 * index))
}
