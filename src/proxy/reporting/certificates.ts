/** The certificates that the listeners of a config show to clients, for the status. */
import type { Service } from '../../connection/service.js'
import type { ProxyStatus } from '../../observe/status.js'

export function certificatesOf(services: Iterable<Service>): ProxyStatus['certificates'] {
  return Array.from(services).flatMap(({ name: listener, policy }) =>
    (policy?.termination?.certificates ?? []).map((each) => ({ listener, ...each })),
  )
}
