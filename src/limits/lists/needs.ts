/** Which files a config names, and where its maps may lead. */
import type { Config } from '../../config/schema.js'
import type { ListenerConfig, RouteConfig } from '../../config/schemas/listener-schema.js'
import { isServerFirst, spokenFirst } from '../refuse-as.js'
import type { ListFile } from './content.js'
import type { Clusters } from './name-lines.js'

type MapConfig = NonNullable<RouteConfig['map']>
export type Needs = Pick<Config, 'listeners' | 'clusters' | 'limits'>

/** Each file, as often as the config names it. */
export function filesOf({ listeners, limits }: Needs): ListFile[] {
  const maps = listeners.flatMap(({ routes }) => routes.flatMap(({ map }) => map ?? []))
  const lists = [limits, ...listeners.map((each) => each.limits)].flatMap((scope) => [
    scope?.allow,
    scope?.deny,
  ])
  return [
    ...lists.flatMap((list) => (list?.files ?? []).map((path): ListFile => ({ kind: 'addresses', path }))),
    ...maps.map(fileOfMap),
  ]
}

/** Users and databases of Postgres are no host names. */
export function fileOfMap({ file, by }: MapConfig): ListFile<'names' | 'postgres-names'> {
  return { kind: by === 'sni' || by === 'host' ? 'names' : 'postgres-names', path: file }
}

/** The clusters to which every listener with this map can send its clients. */
export function clustersFor(path: string, { listeners, clusters }: Needs): Clusters {
  const users = listeners.filter(({ routes }) => routes.some(({ map }) => map?.file === path))
  return new Map(
    Object.entries(clusters).map(([name, cluster]) => [
      name,
      users.map((listener) => whyUnfit(listener, cluster)).find((why) => why !== undefined),
    ]),
  )
}

/** Why clients of the listener cannot go to the cluster. Undefined: they can. */
function whyUnfit(listener: ListenerConfig, { dial, limits }: Needs['clusters'][string]): string | undefined {
  const clients = `clients of the listener ${JSON.stringify(listener.name)}`
  if (dial !== undefined && !namesServer(listener, dial.server))
    return `${clients} name no server for the "dial" of this cluster: write another cluster`
  const spoken = spokenFirst(listener)
  if (spoken === undefined || !isServerFirst(limits?.refuseAs)) return undefined
  return `${clients} speak ${spoken} first, and "refuseAs" of this cluster answers in "${limits.refuseAs}": write another cluster, or another "refuseAs"`
}

/** Whether clients of the listener name a server where a cluster with `dial` looks for it. */
function namesServer({ protocol, tls, startTls }: ListenerConfig, where: 'sni' | 'host'): boolean {
  if (startTls !== undefined) return false
  return where === 'host' ? protocol === 'http' : protocol !== 'http' || tls !== undefined
}
