/** The open connections of a proxy, for the program that it is part of. */
import type { Connection } from '../connection/connection.js'
import type { OrderedCause } from '../pipe/options.js'
import type { Bandwidth } from './bandwidth.js'
import type { ConnectionIds } from './connection-ids.js'
import { limited, readConnectionLimit } from './live-arguments.js'
import type { LiveConnection } from './live-connection.js'
import { ConnectionWatch } from './reporting/connection-watch.js'

/** The proxy whose connections they are. */
interface Owner {
  readonly ids: ConnectionIds
  readonly limiting: { readonly bandwidth: Bandwidth }
  connections(): readonly Connection[]
}

export class LiveConnections {
  readonly #owner: Owner
  readonly #watch: ConnectionWatch

  constructor(owner: Owner) {
    this.#owner = owner
    this.#watch = new ConnectionWatch(owner)
  }

  /** The list of a loop is made when the loop begins. */
  connections(): Iterable<LiveConnection> {
    return { [Symbol.iterator]: () => this.#open() }
  }

  of(connection: Connection): LiveConnection {
    const { ids, limiting } = this.#owner
    const end = (cause: OrderedCause): boolean => {
      if (isOver(connection)) return false
      connection.end(cause)
      return true
    }
    return {
      id: ids.tell(connection),
      get isOpen() {
        return !isOver(connection)
      },
      facts: () => (isOver(connection) ? undefined : this.#watch.describe(connection)),
      totals: () => connection.totals,
      limit: (order) => {
        const rates = readConnectionLimit(order)
        if (isOver(connection)) return false
        limited(() => limiting.bandwidth.limitConnection(connection, rates))
        return true
      },
      end: () => end('ordered'),
      kill: () => end('killed'),
    }
  }

  *#open(): Generator<LiveConnection, undefined> {
    for (const connection of this.#owner.connections()) if (!isOver(connection)) yield this.of(connection)
    return undefined
  }
}

/** The sweep of a proxy has exactly its open connections. */
const isOver = ({ sweepIndex }: Connection): boolean => sweepIndex < 0
