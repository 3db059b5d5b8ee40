/**
 * Decides who may ask what: by the token, the Host header and the site that a browser comes from. No request
 * gets past it unchecked.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import type { AdminConfig } from '../../config/schemas/admin-schema.js'
import { ProblemError } from './problem.js'

/** Methods that must change nothing. */
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD'])
/** What the role `observe` may see. */
const OBSERVED: ReadonlySet<string> = new Set(['/livez', '/readyz', '/metrics', '/api/v1/status'])

const SHORT_NAME = /^[\w-]+$/

export class Guard {
  readonly #config: AdminConfig
  /** Other names of this place, such as that of a proxy in front, in lower case. */
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
   * A page of another site can make a browser send requests here, under a name of its own that it points here
   * (DNS rebinding). The Host header of such a request has that name. Whoever may only observe gets nothing that is secret.
   */
  checkSite({ headers, method = '' }: IncomingMessage): void {
    if (this.#config.role === 'observe') return
    const { host, origin } = headers
    if (host === undefined) throw new ProblemError(400, 'the request has no Host header')
    if (!this.#isOurs(host)) {
      throw new ProblemError(
        421,
        `the Host header ${JSON.stringify(host)} is not allowed: add it to admin.hosts`,
      )
    }
    if (origin !== undefined && !SAFE_METHODS.has(method) && !this.#isOurPage(origin, host)) {
      throw new ProblemError(403, `a page of another site, ${JSON.stringify(origin)}, cannot change anything`)
    }
  }

  checkPath(path: string): void {
    if (this.#config.role === 'operate' || OBSERVED.has(path)) return
    throw new ProblemError(404, `the role observe has only ${[...OBSERVED].join(', ')}`)
  }

  checkToken({ headers }: IncomingMessage): void {
    if (this.#tokenHash === undefined) return
    const shown = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1]
    if (shown !== undefined && timingSafeEqual(hash(shown), this.#tokenHash)) return
    throw new ProblemError(
      401,
      'send the header Authorization: Bearer TOKEN, with admin.token of the config',
      {
        headers: { 'www-authenticate': 'Bearer' },
      },
    )
  }

  checkMethod(method: string): void {
    if (this.mayChange || SAFE_METHODS.has(method)) return
    throw new ProblemError(403, 'nothing can be changed, because admin.readOnly is set in the config')
  }

  /** A proxy in front may pass on another Host than the browser has sent. */
  #isOurPage(origin: string, host: string): boolean {
    const authority = /^https?:\/\/(.*)$/i.exec(origin)?.[1]
    return authority !== undefined && (authority === host || this.#hosts.has(bareName(authority) ?? ''))
  }

  /**
   * Any port will do: the end of an SSH tunnel has another one than this server. For a unix socket any name without a dot will do,
   * so that people can write http://x/. No site has such a name.
   */
  #isOurs(host: string): boolean {
    const name = bareName(host)
    if (name === undefined) return false
    if (this.#config.address.kind === 'unix' && SHORT_NAME.test(name)) return true
    if (this.#hosts.has(name) || name === 'localhost') return true
    return isIP(name) === 4 ? name.startsWith('127.') : name === '::1'
  }
}

/** The name in lower case, without the port and without the brackets of IPv6. */
function bareName(authority: string): string | undefined {
  const name = /^(\[[^\]]*\]|[^:]*)(?::\d{1,5})?$/.exec(authority)?.[1]?.toLowerCase()
  return name?.startsWith('[') ? name.slice(1, -1) : name
}

/** Hashes are of equal length, so comparing them tells nothing about the token. */
const hash = (token: string): Buffer => createHash('sha256').update(token).digest()
