/**
 * The parts of a forward proxy as people write them, and what is wrong with them. No sentence shows what could hold the password.
 * There is no schema here, because what a route function returns is read with these functions, too.
 */
import { isIPv6 } from 'node:net'
import type { Address } from '../../address.js'
import type { Credentials, ForwardProxyOptions } from '../../via/forward-proxy.js'
import { expected, quote } from '../wording.js'
import { parsePortedAddress } from './addresses.js'
import { readSecretFile } from './secret-file.js'

export const FORMS = 'socks5://HOST:PORT or http://HOST:PORT'
/** RFC 1929 section 2: one byte has the length. */
const MOST_BYTES = 255
/** RFC 7617 section 2 forbids them, and no password of a config needs them. */
const CONTROL = /\p{Cc}/u
const URL_PARTS = /^([a-z][a-z\d+.-]*):\/\/(?:([^/?#]*)@)?([^/?#@]*)\/?$/i

/** What is no address may hold a password: `HOST:PORT:USER:PASSWORD` is usual in lists of forward proxies. */
const MAY_BE_SHOWN = /^(?:unix:.*|\[[^\]]*\](?::\d*)?|[^:]*(?::\d{0,9})?)$/s

export interface WrittenProxy {
  readonly socks5: Address | undefined
  readonly http: Address | undefined
  readonly user: string | undefined
  readonly password: string | undefined
  readonly passwordFile: string | undefined
}

/** The parts of a URL as a map has them, or a sentence that says what is wrong. */
export function partsOfUrl(text: string): Readonly<Record<string, unknown>> | string {
  const match = URL_PARTS.exec(text)
  if (match === null)
    return `expected ${FORMS}, with USER:PASSWORD@ before the host if needed. Write other characters of a password as %XX`
  const [, scheme = '', userInfo, place = ''] = match
  const wrongScheme = explainScheme(scheme.toLowerCase())
  if (wrongScheme !== undefined) return wrongScheme
  const [user, ...rest] = userInfo === undefined ? [] : userInfo.split(':')
  try {
    return {
      [scheme.toLowerCase()]: place,
      user: user === undefined ? undefined : decodeURIComponent(user),
      password: rest.length === 0 ? undefined : decodeURIComponent(rest.join(':')),
    }
  } catch {
    return 'user or password has a "%" that begins no %XX: write %25 for a "%"'
  }
}

function explainScheme(scheme: string): string | undefined {
  if (scheme === 'socks5' || scheme === 'http') return undefined
  if (scheme === 'https')
    return 'TLS to a forward proxy is not supported: write http://HOST:PORT. Traffic of clients that speak TLS stays encrypted'
  if (scheme === 'socks5h') return 'write socks5://: millrace always leaves names to the forward proxy'
  return expected(FORMS, `${scheme}://…`)
}

export function parseProxyAddress(text: string): Address | string {
  if (text.includes('@') && !text.startsWith('unix:'))
    return 'expected HOST:PORT without credentials: write them as "user" and "password"'
  return MAY_BE_SHOWN.test(text) || isIPv6(text)
    ? parsePortedAddress(text)
    : 'expected HOST:PORT, [IPv6]:PORT or unix:/path, and nothing behind it'
}

export function explainCredential(text: string): string | undefined {
  const bytes = Buffer.byteLength(text)
  if (bytes === 0 || bytes > MOST_BYTES) return `1 to ${MOST_BYTES} bytes`
  return CONTROL.test(text) ? 'no control characters' : undefined
}

/** The forward proxy, or what is wrong. Addresses and texts were checked before. */
export function forwardProxyOf({ socks5, http, ...rest }: WrittenProxy): ForwardProxyOptions | Wrong {
  const credentials = readCredentials(rest, http !== undefined)
  const wrong = wrongAddress(socks5, http) ?? (credentials instanceof Wrong ? credentials : undefined)
  if (wrong !== undefined) return wrong
  return {
    protocol: socks5 === undefined ? 'http' : 'socks5',
    address: (socks5 ?? http)!,
    credentials: credentials as Credentials | undefined,
  }
}

function wrongAddress(socks5: Address | undefined, http: Address | undefined): Wrong | undefined {
  if (socks5 === undefined && http === undefined)
    return new Wrong('expected socks5 or http, with the address of the forward proxy')
  if (socks5 === undefined || http === undefined) return undefined
  return new Wrong('a cluster has one forward proxy: remove socks5 or http', 'http')
}

function readCredentials(
  { user, password, passwordFile }: Pick<WrittenProxy, 'user' | 'password' | 'passwordFile'>,
  isHttp: boolean,
): Credentials | Wrong | undefined {
  if (password !== undefined && passwordFile !== undefined)
    return new Wrong('write either password or passwordFile', 'passwordFile')
  if (user === undefined && password === undefined && passwordFile === undefined) return undefined
  if (user === undefined) return new Wrong('the password needs a user: write "user"', 'user')
  if (isHttp && user.includes(':')) return new Wrong('the user of an HTTP proxy cannot have a colon', 'user')
  if (password !== undefined) return { user, password }
  if (passwordFile === undefined)
    return new Wrong('the user needs a password: write "password" or "passwordFile"', 'password')
  const text = readSecretFile(passwordFile)
  if (typeof text !== 'string') return new Wrong(text.message, 'passwordFile')
  const message = explainCredential(text)
  return message === undefined
    ? { user, password: text }
    : new Wrong(`expected a password in the file ${quote(passwordFile)}: ${message}`, 'passwordFile')
}

/** What is wrong, and with which key. */
export class Wrong {
  readonly message: string
  readonly path: readonly string[]

  constructor(message: string, key?: keyof WrittenProxy) {
    this.message = message
    this.path = key === undefined ? [] : [key]
  }
}
