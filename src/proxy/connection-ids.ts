/**
 * The ids of connections. An id is made when somebody first needs it, and the record has the same one.
 */
import type { Connection } from '../connection/connection.js'
import { UlidSource } from '../observe/records/ulid.js'

export class ConnectionIds {
  readonly #source = new UlidSource()
  /** Ids that somebody got before the connection's record was written. */
  readonly #told = new WeakMap<Connection, string>()

  next(): string {
    return this.#source.next()
  }

  /** Undefined: nobody can know the id yet. */
  known(connection: Connection): string | undefined {
    return connection.id ?? this.#told.get(connection)
  }

  /** The id, for somebody who may come back with it. */
  tell(connection: Connection): string {
    const known = this.known(connection)
    if (known !== undefined) return known
    const id = this.next()
    this.#told.set(connection, id)
    return id
  }
}
