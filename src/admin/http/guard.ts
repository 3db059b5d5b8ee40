/**
 * Who may ask what: the token, the Host header, the site a browser comes from. Nothing is looked at before this has let
 * it pass.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import type { AdminConfig } from '../../config/schemas/admin-schema.js'
import { ProblemError } from './problem.js'

/** Methods that must change nothing. */
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD'])

export class Guard {
  readonly #config: AdminConfig
  /** By which a proxy in front may be known; each says so. */
  readonly #hosts: ReadonlySet<string>
  readonly #tokenHash: Buffer | undefined

  constructor(config: AdminConfig) {
    this.#config = config
    this.#hosts = new Set(config.hosts.map((name) => name.toLowerCase()))
    this.#tokenHash = config.token === undefined ? undefined : hash(config.token)
  }

  get mayChange(): boolean {
    return !this.#config.readOnly
  }

  /**
   * A page of another site can make a browser send requests here, under a name that it lets point here (DNS rebinding):
   * such requests bear that site's name.
   */
  checkSite({ headers, method = '' }: IncomingMessage): void {
    const { host, origin } = headers
    if (host === undefined) throw new ProblemError(400, 'a request needs a Host header')
    if (!this.#isOurs(host)) {
      throw new ProblemError(421, `${JSON.stringify(host)} is no name of this place: add it to admin.hosts`)
    }
    if (origin !== undefined && !SAFE_METHODS.has(method) && !this.#isOurPage(origin, host)) {
      throw new ProblemError(403, `a page of ${JSON.stringify(origin)} may change nothing here`)
    }
  }

  checkToken({ headers }: IncomingMessage): void {
    if (this.#tokenHash === undefined) return
    const shown = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1]
    if (shown !== undefined && timingSafeEqual(hash(shown), this.#tokenHash)) return
    throw new ProblemError(
      401,
      'this needs the header Authorization: Bearer TOKEN, with the admin.token of the config',
      {
        headers: { 'www-authenticate': 'Bearer' },
      },
    )
  }

  checkMethod(method: string): void {
    if (this.mayChange || SAFE_METHODS.has(method)) return
    throw new ProblemError(403, 'nothing can be changed here: the config says admin.readOnly')
  }

  /** A proxy in front may pass on another Host than browsers know it by. */
  #isOurPage(origin: string, host: string): boolean {
    const authority = /^https?:\/\/(.*)$/i.exec(origin)?.[1]
    return authority !== undefined && (authority === host || this.#hosts.has(bareName(authority) ?? ''))
  }

  /** Any port: an SSH tunnel's end has another one than ours. */
  #isOurs(host: string): boolean {
    const name = bareName(host)
    if (name === undefined) return false
    if (this.#hosts.has(name) || name === 'localhost') return true
    return isIP(name) === 4 ? name.startsWith('127.') : name === '::1'
  }
}

/** In lower case, without a port and the brackets of IPv6. */
function bareName(authority: string): string | undefined {
  const name = /^(\[[^\]]*\]|[^:]*)(?::\d{1,5})?$/.exec(authority)?.[1]?.toLowerCase()
  return name?.startsWith('[') ? name.slice(1, -1) : name
}

/** Of equal length, whatever was shown: comparing tells nothing of the token. */
const hash = (token: string): Buffer => createHash('sha256').update(token).digest()
