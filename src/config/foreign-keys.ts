/**
 * What the keys and directives of other proxies, and the options of `pipe`, are called here. People write them from memory, so an
 * unknown key is answered with ours. docs/coming-from.md has the whole tables.
 */

/** In lower case, without `-`, `_` and blanks. */
const OURS: Readonly<Record<string, string>> = {
  acceptproxy: 'listeners[].acceptProxy',
  agentcheck: 'clusters.NAME.health.agent',
  backend: 'clusters',
  bind: 'listeners[].address',
  cafile: 'listeners[].tls.clientCa',
  check: 'clusters.NAME.health.check',
  connectiontimeout: 'timeouts.connectMs',
  crt: 'listeners[].tls.cert',
  defaultbackend: 'listeners[].cluster',
  entrypoints: 'listeners',
  fall: 'clusters.NAME.health.check.fall',
  failtimeout: 'clusters.NAME.health.eject.forMs',
  frontend: 'listeners',
  frontends: 'listeners',
  fullconn: 'limits.maxConnections',
  globalmaxconn: 'limits.maxConnections',
  halfclosedtimeoutms: 'timeouts.halfClosedMs',
  hardstopafter: 'timeouts.drainMs',
  idletimeout: 'timeouts.idleMs',
  idletimeoutms: 'timeouts.idleMs',
  inter: 'clusters.NAME.health.check.everyMs',
  leastconn: 'clusters.NAME.balance',
  limitconn: 'limits.maxConnections',
  listen: 'listeners',
  loadbalancer: 'clusters.NAME.balance',
  maxconn: 'limits.maxConnections',
  maxconns: 'clusters.NAME.backends[].maxConnections',
  maxfails: 'clusters.NAME.health.eject.failures',
  maxlifetimems: 'timeouts.lifetimeMs',
  mode: 'listeners[].protocol',
  nbproc: 'workers',
  nbthread: 'workers',
  preconnecttimeout: 'timeouts.firstBytesMs',
  proxyconnecttimeout: 'timeouts.connectMs',
  proxypass: 'listeners[].cluster',
  proxyprotocol: 'clusters.NAME.sendProxy',
  proxytimeout: 'timeouts.idleMs',
  resolver: 'names.servers',
  resolvers: 'names.servers',
  rise: 'clusters.NAME.health.check.rise',
  routers: 'listeners[].routes',
  sendproxy: 'clusters.NAME.sendProxy',
  sendproxyv2: 'clusters.NAME.sendProxy',
  server: 'clusters.NAME.backends',
  servers: 'clusters.NAME.backends',
  services: 'clusters',
  slowstart: 'clusters.NAME.slowStartMs',
  ssl: 'listeners[].tls',
  sslcertificate: 'listeners[].tls.cert',
  sslcertificatekey: 'listeners[].tls.key',
  sslpreread: 'listeners[].routes',
  stats: 'admin',
  timeoutclient: 'timeouts.idleMs',
  timeoutconnect: 'timeouts.connectMs',
  timeoutqueue: 'clusters.NAME.limits.queueMs',
  timeoutserver: 'timeouts.idleMs',
  timeouttunnel: 'timeouts.idleMs',
  upstream: 'clusters',
  upstreams: 'clusters',
  usebackend: 'listeners[].routes',
  workerprocesses: 'workers',
  workerconnections: 'limits.maxConnections',
}

/** What such keys are called in one kind of map. They go before those above, and before our keys that are near. */
const OURS_IN = {
  backend: { maxconn: 'clusters.NAME.backends[].maxConnections', ssl: 'clusters.NAME.tls' },
  route: {
    backend: 'listeners[].routes[].cluster',
    defaultbackend: 'listeners[].cluster',
    pathbeg: 'listeners[].routes[].path',
    reqsslsni: 'listeners[].routes[].sni',
    sslfcsni: 'listeners[].routes[].sni',
    usebackend: 'listeners[].routes[].cluster',
  },
  config: { backends: 'clusters', defaults: 'timeouts' },
  timeouts: { client: 'timeouts.idleMs', server: 'timeouts.idleMs', tunnel: 'timeouts.idleMs' },
} as const satisfies Readonly<Record<string, Readonly<Record<string, string>>>>

const plainOf = (key: string): string => key.toLowerCase().replace(/[-_. ]/g, '')

/** Says which key of ours another proxy calls so in this kind of map. Undefined: none. */
export function explainForeign(map: keyof typeof OURS_IN): (key: string) => string | undefined {
  const ours = new Map<string, string>(Object.entries(OURS_IN[map]))
  return (key) => {
    const name = ours.get(plainOf(key))
    return name === undefined ? undefined : `unknown key: its name here is ${name}: use that key`
  }
}

/** The key of ours that another proxy calls so. Undefined: no proxy that we know does. */
export function ourKeyFor(key: string): string | undefined {
  const plain = plainOf(key)
  return Object.hasOwn(OURS, plain) ? OURS[plain] : undefined
}

/** All keys of ours that this file names. */
export const OUR_KEYS: readonly string[] = [OURS, ...Object.values(OURS_IN)].flatMap((map) =>
  Object.values<string>(map),
)
