/** The certificates that the listeners of a config show to clients, for the status. */
import type { Service } from '../../connection/service.js'
import { mergeRows } from '../../observe/counts/merge.js'
import type { ProxyStatus } from '../../observe/status.js'
import { CERTIFICATE } from '../../status/certificates.js'

/** Those of a listener with the same name and kind are one row, as CERTIFICATE says. */
export function certificatesOf(
  services: Iterable<Pick<Service, 'name' | 'policy'>>,
): ProxyStatus['certificates'] {
  const rows = Array.from(services).flatMap(({ name: listener, policy }) =>
    (policy?.termination?.certificates ?? []).map((each) => ({ listener, ...each })),
  )
  return mergeRows(CERTIFICATE, rows) as unknown as ProxyStatus['certificates']
}
