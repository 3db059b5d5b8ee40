/** The tests of a proxy, which both engines must pass. */
import { describe } from 'vitest'
import { describeAdmission } from './admission.js'
import { describeBackends } from './backends.js'
import { describeBalancing } from './balancing.js'
import { describeBandwidth } from './bandwidth.js'
import { describeBans } from './bans.js'
import { describeBothFamilies } from './both-families.js'
import { describeChecks } from './checks.js'
import { describeClientPorts } from './client-ports.js'
import { describeCounts } from './counts.js'
import { describeDecidedBackends } from './decided-backends.js'
import { describeDiscovered } from './discovered.js'
import { describeDrains } from './drains.js'
import { describeEndings } from './endings.js'
import { describeEvents } from './events.js'
import { describeHealth } from './health.js'
import { describeHostileClients } from './hostile-clients.js'
import { describeLeaving } from './leaving.js'
import { describeLeftListeners } from './left-listeners.js'
import { describeLifecycle } from './lifecycle.js'
import { describeLimits } from './limits.js'
import { describeLists } from './lists.js'
import { describeLiveConnections } from './live-connections.js'
import { describeLoops } from './loops.js'
import { describeManyClients } from './many-clients.js'
import { describeNames } from './names.js'
import { describeOperators } from './operators.js'
import { describeOwnTimeouts } from './own-timeouts.js'
import { describeReloads } from './reloads.js'
import { describeVanishedPeers } from './vanished-peers.js'
import { describeVia } from './via.js'
import { describeWaitingClients } from './waiting-clients.js'

export type EngineKind = 'kernel' | 'stream'

export function describeProxy(engine: EngineKind): void {
  describe('lifecycle', () => describeLifecycle(engine))
  describe('backends', () => describeBackends(engine))
  describe('ends of connections', () => describeEndings(engine))
  describe('admission', () => describeAdmission(engine))
  describe('waiting clients', () => describeWaitingClients())
  describe('listeners whose sockets another process takes over', () => describeLeftListeners())
  describe('limits', () => describeLimits())
  describe('drains', () => describeDrains())
  describe('live connections', () => describeLiveConnections())
  describe('events', () => describeEvents())
  describe('operators', () => describeOperators(engine))
  describe('IPv4 and IPv6 on one port', () => describeBothFamilies())
  describe('reloads', () => describeReloads())
  describe('ports of clients', () => describeClientPorts())
  describe('own timeouts', () => describeOwnTimeouts())
  describe('vanished peers', () => describeVanishedPeers(engine))
  describe('counts', () => describeCounts(engine))
  describe('bans', () => describeBans())
  describe('balancing', () => describeBalancing())
  describe('bandwidth', () => describeBandwidth(engine))
  describe('health', () => describeHealth())
  describe('checks', () => describeChecks())
  describe('what a reload removes', () => describeLeaving())
  describe('decided backends', () => describeDecidedBackends())
  describe('discovered backends', () => describeDiscovered())
  describe('hostile clients', () => describeHostileClients())
  describe('forward proxies', () => describeVia(engine))
  describe('names', () => describeNames())
  describe('lists', () => describeLists())
  describe('loops', () => describeLoops())
  describe('many clients', () => describeManyClients())
}
