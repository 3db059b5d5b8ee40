/**
 * What can say what names mean: the one interface of DNS and of every other service that backends can be found in. A
 * provider knows neither clusters nor connections. Plain data, because it passes between processes.
 */
import type { Told } from '../../status/fields.js'
import type { NAME } from '../../status/names.js'

/** A name that has a meaning. */
export interface Name {
  /** `host`: a host name that has addresses. `srv`: a service that has addresses, ports, weights and tiers (RFC 2782). */
  readonly kind: 'host' | 'srv'
  readonly name: string
}

/** One of the places that a name means. */
export interface Place {
  /** IPv4 or IPv6, without brackets. */
  readonly ip: string
  /** The host name that the config gives it: that of the name, or the domain of the service. TLS needs it. */
  readonly host: string
  /** The rest is known only of a service. */
  readonly service?: Service
}

export interface Service {
  readonly port: number
  /** At least 1, at most 1000. */
  readonly weight: number
  /** 0 to 65535. The smallest one is used first. */
  readonly tier: number
}

export interface Meaning {
  /** Undefined: there has been no answer yet. None: the name means nothing. In the order of the answer, none twice. */
  readonly places: readonly Place[] | undefined
  /** Whether an answer can come at any moment. False: the next question comes after a pause. */
  readonly isAsking: boolean
  /** Why there was no answer to the last question. Undefined: there was one. */
  readonly error: string | undefined
}

/** Nothing is known, and a question is on its way. */
export const ASKING: Meaning = { places: undefined, isAsking: true, error: undefined }

export type Reading =
  /** At least one place. Valid for `ttlMs`. */
  | { readonly kind: 'places'; readonly places: readonly Place[]; readonly ttlMs: number }
  /** The name means nothing. `code` says why. `ttlMs`: how long this is to be believed, if the service says so. */
  | { readonly kind: 'empty'; readonly code: string; readonly ttlMs: number | undefined }
  /** Nobody could say what the name means. */
  | { readonly kind: 'failed'; readonly code: string }

/** A question. Nothing is told after `cancel`. */
export interface Asking {
  cancel(): void
}

export interface Watching {
  readonly meaning: Meaning
  /** Nothing is told any more. */
  stop(): void
}

/** What is known of a name that somebody watches, for people. */
export type NameStatus = Told<typeof NAME>

export interface NamesProvider {
  /** Asks once, now, whatever is known of the name. Calls `done` once, never before `read` has returned. */
  read(name: Name, done: (reading: Reading) => void): Asking
  /**
   * Asks again and again, as long as anybody watches. Calls `changed`, never before `watch` has returned, when the name means
   * other places. Also when it has none yet and its question fails or is asked again. A failure leaves the places as they are.
   */
  watch(name: Name, changed: (meaning: Meaning) => void): Watching
  /** Each name that is watched. */
  status(): readonly NameStatus[]
}

/** Host names know no case (RFC 4343). */
export const keyOf = ({ kind, name }: Name): string => `${kind} ${name.toLowerCase()}`

/** `ip`, or `ip:port` of a service. */
export function formatPlace({ ip, service }: Place): string {
  if (service === undefined) return ip
  return ip.includes(':') ? `[${ip}]:${service.port}` : `${ip}:${service.port}`
}

/** Whether the places are the same, in whatever order. */
export function areSame(a: readonly Place[] | undefined, b: readonly Place[] | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  if (a.length !== b.length) return false
  const texts = new Set(a.map(textOf))
  return b.every((place) => texts.has(textOf(place)))
}

const textOf = ({ ip, host, service }: Place): string =>
  service === undefined ? `${ip} ${host}` : `${ip} ${host} ${service.port} ${service.weight} ${service.tier}`
