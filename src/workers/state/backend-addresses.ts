/**
 * Where the supervisor reaches the backends that it checks. It knows what their names mean, as the workers do, and moves on to the
 * next address of a backend by itself.
 */
import { ClusterNames } from '../../cluster/names/cluster-names.js'
import { Endpoints } from '../../cluster/names/endpoints.js'
import type { NamesProvider } from '../../cluster/names/provider.js'
import type { Config } from '../../config/schema.js'
import type { Catalogue } from '../../proxy/catalogue/catalogue.js'

export class OwnAddresses {
  readonly #names: ClusterNames
  #endpoints = new Map<string, Endpoints>()

  constructor(names: NamesProvider) {
    this.#names = new ClusterNames(names, {
      resolved: (ips) => {
        for (const each of this.#endpoints.values()) {
          const its = ips.get(each.hostName ?? '')
          if (its !== undefined) each.resolved(its)
        }
      },
      // Expanded names are in the catalogue already.
      found: () => {},
    })
  }

  /** Takes the backends of clusters that are checked. Backends that stay keep the address in use. */
  follow({ clusters }: Config, catalogue: Catalogue): void {
    const before = this.#endpoints
    this.#endpoints = new Map()
    for (const [cluster, { health }] of Object.entries(clusters)) {
      if (health.check === undefined && health.agent === undefined) continue
      for (const { name, address } of catalogue.backends(cluster)?.given ?? []) {
        const key = keyOf(cluster, name)
        this.#endpoints.set(key, before.get(key) ?? new Endpoints(address))
      }
    }
    const hosts = Array.from(this.#endpoints.values(), ({ hostName }) => hostName)
    this.#names.update(
      hosts.flatMap((host) => host ?? []),
      [],
    )
  }

  /** Undefined: the backend is not checked. */
  of(cluster: string, backend: string): Endpoints | undefined {
    return this.#endpoints.get(keyOf(cluster, backend))
  }

  stop(): void {
    this.#names.stop()
  }
}

const keyOf = (cluster: string, backend: string): string => JSON.stringify([cluster, backend])
