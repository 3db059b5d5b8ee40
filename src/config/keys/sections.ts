/** Every key of the config, in the sections of docs/config.md. */
import { CHECK_KEYS } from './checks.js'
import { BACKEND_TLS_KEYS, CLUSTER_KEYS } from './cluster.js'
import { ACCEPT_PROXY_KEYS, TLS_KEYS } from './first-bytes.js'
import { GENERAL_KEYS } from './general.js'
import { HEALTH_KEYS } from './health.js'
import { HTTP_KEYS } from './http.js'
import type { KeyTable } from './key-words.js'
import { CLUSTER_LIMIT_KEYS, LIMIT_KEYS, LISTENER_LIMIT_KEYS } from './limits.js'
import { LISTENER_KEYS, ROUTE_KEYS } from './listener.js'
import { NAMES_KEYS } from './names.js'
import { SOCKET_KEYS } from './socket.js'
import { TEST_KEYS } from './tests.js'
import { KEEPALIVE_KEYS, TIMEOUT_KEYS } from './times.js'
import { ADMIN_KEYS, LOG_KEYS } from './watching.js'

/** By the name that marks the place of the table on the page. */
export const KEY_SECTIONS: Readonly<Record<string, KeyTable>> = {
  general: GENERAL_KEYS,
  listeners: LISTENER_KEYS,
  routes: ROUTE_KEYS,
  'proxy-header': ACCEPT_PROXY_KEYS,
  tls: TLS_KEYS,
  http: HTTP_KEYS,
  clusters: CLUSTER_KEYS,
  health: HEALTH_KEYS,
  checks: CHECK_KEYS,
  'backend-tls': BACKEND_TLS_KEYS,
  names: NAMES_KEYS,
  limits: LIMIT_KEYS,
  'listener-limits': LISTENER_LIMIT_KEYS,
  'cluster-limits': CLUSTER_LIMIT_KEYS,
  timeouts: TIMEOUT_KEYS,
  keepalive: KEEPALIVE_KEYS,
  sockets: SOCKET_KEYS,
  log: LOG_KEYS,
  admin: ADMIN_KEYS,
  tests: TEST_KEYS,
}
