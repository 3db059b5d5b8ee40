/**
 * What connections are called: made when somebody wants to know, and the same in the record.
 */
import type { Connection } from '../connection/connection.js'
import { UlidSource } from '../observe/records/ulid.js'

export class ConnectionIds {
  readonly #source = new UlidSource()
  /** Of connections somebody was told the id of before their record. */
  readonly #told = new WeakMap<Connection, string>()

  next(): string {
    return this.#source.next()
  }

  /** Undefined where nobody can know it yet. */
  known(connection: Connection): string | undefined {
    return connection.id ?? this.#told.get(connection)
  }

  /** For somebody who may come back with it. */
  tell(connection: Connection): string {
    const known = this.known(connection)
    if (known !== undefined) return known
    const id = this.next()
    this.#told.set(connection, id)
    return id
  }
}
