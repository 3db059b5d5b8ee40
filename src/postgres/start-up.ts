/**
 * The parameters of a StartupMessage (PostgreSQL documentation, "Message Formats"): the user and the
 * database. Pure.
 */
import { MOST_POSTGRES_NAME_BYTES } from '../names.js'

/** Who a Postgres client says it is, and which database it wants. */
export interface StartUp {
  readonly user: string
  /** The user's name if the client names no database. */
  readonly database: string
}

/** Reads pairs of texts, each ended by a zero byte, then a zero byte. A returned text says what is wrong. */
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
