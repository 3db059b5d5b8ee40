/**
 * The parameters of a StartupMessage (PostgreSQL documentation, "Message Formats"): who wants to work in which
 * database. Pure.
 */
import { MOST_POSTGRES_NAME_BYTES } from '../names.js'

/** Whom a Postgres client says it is, and where it wants to go. */
export interface StartUp {
  readonly user: string
  /** The user's name where the client names none. */
  readonly database: string
}

/** Pairs of texts that end with a zero byte each, and a zero byte behind the last. A text says what is wrong. */
export function readStartUp(body: Buffer): StartUp | string {
  const names = new Map<string, string>()
  let at = 0
  while (at < body.length && body[at] !== 0) {
    const nameEnd = body.indexOf(0, at)
    const valueEnd = nameEnd === -1 ? -1 : body.indexOf(0, nameEnd + 1)
    if (valueEnd === -1) return 'parameter cut short'
    const name = body.toString('latin1', at, nameEnd)
    if (name === 'user' || name === 'database') {
      if (names.has(name)) return `${name} twice`
      if (valueEnd - nameEnd - 1 > MOST_POSTGRES_NAME_BYTES) return `${name} too long`
      names.set(name, body.toString('utf8', nameEnd + 1, valueEnd))
    }
    at = valueEnd + 1
  }
  if (at !== body.length - 1) return 'parameters do not end where they should'
  const user = names.get('user') ?? ''
  if (user === '') return 'no user'
  return { user, database: names.get('database') || user }
}
