/** Clients of a cluster whose backends have limits, on a scripted engine. Each client has a name that begins with its source. */
import type { Address } from '../../../src/address.js'
import type { Backend } from '../../../src/cluster/backend.js'
import type { Cluster } from '../../../src/cluster/cluster.js'
import type { Dialling, DialRequest, DialResult, Entry } from '../../../src/cluster/dial.js'
import { requestOf } from '../requests.js'

const addressOf = (source: string): Address => ({
  kind: 'tcp',
  host: `10.1.0.${source.charCodeAt(0)}`,
  port: 1,
})

export class QueuedClient {
  readonly name: string
  result: DialResult | undefined
  dialling: Dialling
  /** How often it was told that it waits. */
  timesQueued = 0

  constructor(cluster: Cluster, name: string, enter?: () => Entry, key?: string) {
    this.name = name
    const request: DialRequest = {
      ...requestOf(1000),
      clientAddress: addressOf(name),
      key,
      ...(enter && { enter }),
      queued: () => {
        this.timesQueued += 1
      },
    }
    this.dialling = cluster.dial(request, (result) => {
      this.result = result
    })
  }

  get backend(): Backend {
    return this.result!.backend!
  }

  /** Its connection ends. */
  end(): void {
    this.backend.release()
  }
}

/** The clients that have a connection, and those that have an error, in the order in which they got it. */
export class Clients {
  readonly cluster: Cluster
  readonly all: QueuedClient[] = []

  constructor(cluster: Cluster) {
    this.cluster = cluster
  }

  /** They come one after the other. */
  come(...names: string[]): QueuedClient[] {
    const come = names.map((name) => new QueuedClient(this.cluster, name))
    this.all.push(...come)
    return come
  }

  get served(): string[] {
    return this.all.filter(({ result }) => result?.socket !== undefined).map(({ name }) => name)
  }

  get errors(): Record<string, string> {
    return Object.fromEntries(
      this.all.flatMap(({ name, result }) => (result?.error === undefined ? [] : [[name, result.error]])),
    )
  }
}
