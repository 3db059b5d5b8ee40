/**
 * The one table of languages in which millrace tells a client no, and how it learns which one a client speaks. A new
 * language is one entry here. A test compares docs/limits.md with it. Pure.
 */
import { Detection, type Protocol, type Spoken } from '../peek/speaks/protocols.js'
import { HTTP } from './http.js'
import { MYSQL } from './mysql.js'
import { POSTGRES } from './postgres.js'
import { REDIS } from './redis.js'
import type { Language } from './refused.js'
import { SMTP } from './smtp.js'
import { TLS } from './tls.js'

/** Their clients speak first, so `refuseAs: auto` can tell them apart. */
export const BY_FIRST_BYTES = {
  tls: TLS,
  http: HTTP,
  postgres: POSTGRES,
  redis: REDIS,
} as const satisfies Partial<Record<Protocol, Language>>

/** Their clients wait for the server to speak. So a config must name them. */
export const BY_NAME = { mysql: MYSQL, smtp: SMTP } as const satisfies Record<string, Language>

export type Detectable = keyof typeof BY_FIRST_BYTES
export type Named = keyof typeof BY_NAME

const DETECTABLE = Object.keys(BY_FIRST_BYTES) as Detectable[]

/** Tells what the first bytes of a client begin. */
export const FIRST_BYTES = new Detection(DETECTABLE)

/** Undefined: none of the table. */
export function detectableOf(spoken: readonly Spoken[]): Detectable | undefined {
  return DETECTABLE.find((name) => spoken.includes(name))
}
