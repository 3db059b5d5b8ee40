/**
 * Where the supervisor reaches the backends that it checks. Workers resolve names for themselves, so the supervisor resolves
 * those that it needs.
 */
import type { ResolvedAddress } from '../../address.js'
import { Endpoints } from '../../cluster/names/endpoints.js'
import { Resolver } from '../../cluster/names/resolver.js'
import type { Config } from '../../config/schema.js'
import type { Catalogue } from '../../proxy/catalogue/catalogue.js'
import type { BackendAddresses } from '../../proxy/health/active-health.js'

export class OwnAddresses implements BackendAddresses {
  #endpoints = new Map<string, Endpoints>()
  #hosts: readonly string[] = []
  #resolver: Resolver | undefined

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
    const hosts = [...new Set(Array.from(this.#endpoints.values(), ({ hostName }) => hostName))]
    this.#resolve(hosts.flatMap((host) => host ?? []).sort())
  }

  current(cluster: string, backend: string): ResolvedAddress | undefined {
    return this.#endpoints.get(keyOf(cluster, backend))?.current
  }

  failed(cluster: string, backend: string, address: ResolvedAddress): void {
    this.#endpoints.get(keyOf(cluster, backend))?.failed(address)
  }

  stop(): void {
    this.#resolver?.stop()
  }

  #resolve(hosts: readonly string[]): void {
    if (hosts.join() === this.#hosts.join()) return
    this.#hosts = hosts
    this.#resolver?.stop()
    this.#resolver = new Resolver(hosts, {
      resolved: (host, ips) => {
        for (const each of this.#endpoints.values()) if (each.hostName === host) each.resolved(ips)
      },
      // Workers log that.
      unresolved: () => {},
    })
    this.#resolver.start()
  }
}

const keyOf = (cluster: string, backend: string): string => JSON.stringify([cluster, backend])
