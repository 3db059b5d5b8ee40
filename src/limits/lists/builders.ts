/** How each kind of list is read. */
import { AddressLines } from './address-lines.js'
import type { Builder, Contents, ListKind } from './content.js'
import { type Clusters, NameLines } from './name-lines.js'

/** `clusters`: for a map. Undefined: whoever sent the file has checked it. */
export function createBuilder<Kind extends ListKind>(
  kind: Kind,
  clusters: Clusters | undefined,
): Builder<Contents[Kind]> {
  const builder =
    kind === 'addresses' ? new AddressLines() : new NameLines(kind as 'names' | 'postgres-names', clusters)
  return builder as Builder<unknown> as Builder<Contents[Kind]>
}
