/** Everything that a client's first bytes decide, on either engine. */
import { describe } from 'vitest'
import { describeClientFrom } from './client-from.js'
import { describeDials } from './dials.js'
import { describeForwardedEnds, describeForwardedEndsOfTls } from './forwarded-ends.js'
import { describeHellos } from './hellos.js'
import { describeHttpGrammar } from './http-grammar.js'
import { describeOpeningLifecycle } from './lifecycle.js'
import { describePasses } from './passes.js'
import { describePaths } from './paths.js'
import { describePostgres } from './postgres.js'
import { describePostgresCancels } from './postgres-cancels.js'
import { describeProxyHeaders } from './proxy-headers.js'
import { describeRedirects } from './redirects.js'
import { describeRefusedClients } from './refused-clients.js'
import { describeRequests } from './requests.js'
import { describeRouteFunctions } from './route-functions.js'
import { describeRouteTalks } from './route-talks.js'
import { describeSpeaks } from './speaks.js'
import { describeStalls } from './stalls.js'
import { describeToldAddresses } from './told-addresses.js'
import { describeUpgrades } from './upgrades.js'

export function describeOpenings(): void {
  describe('PROXY headers', () => describeProxyHeaders())
  describe('the address of a client', () => describeToldAddresses())
  describe('ClientHellos', () => describeHellos())
  describe('what clients speak', () => describeSpeaks())
  describe('route functions', () => describeRouteFunctions())
  describe('route functions that talk', () => describeRouteTalks())
  describe('upgrades', () => describeUpgrades())
  describe('redirects', () => describeRedirects())
  describe('requests that are no upgrades', () => describeRequests())
  describe('http: pass', () => describePasses())
  describe('clusters that dial what clients ask for', () => describeDials())
  describe('requests', () => describeHttpGrammar())
  describe('routes with a path', () => describePaths())
  describe('the client of a request', () => describeClientFrom())
  describe('the ends of forwarded requests', () => describeForwardedEnds())
  describe('the ends of forwarded requests over TLS', () => describeForwardedEndsOfTls())
  describe('a forwarded request that stalls', () => describeStalls())
  describe('a Postgres client', () => describePostgres())
  describe('a Postgres cancel request', () => describePostgresCancels())
  describe('refused clients', () => describeRefusedClients())
  describe('an end in any phase', () => describeOpeningLifecycle())
}
