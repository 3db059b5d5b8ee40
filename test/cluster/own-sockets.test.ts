/** From where a cluster connects, and with which options of its sockets. */
import { expect, it } from 'vitest'
import type { Address } from '../../src/address.js'
import { OwnSockets } from '../../src/cluster/own-sockets.js'
import type { ClusterSocket } from '../../src/config/schemas/socket-schema.js'
import type { DialSetup } from '../../src/io/socket-options.js'

const V4: Address = { kind: 'tcp', host: '10.0.0.5', port: 5432 }
const V6: Address = { kind: 'tcp', host: '2001:db8::5', port: 5432 }
const UNIX: Address = { kind: 'unix', path: '/run/pg' }
const OPTIONS = { mark: 7 }

/** Connects for these peers in turn. Returns how each socket was set up. */
function setups(
  socket: Partial<ClusterSocket> | undefined,
  peers: readonly Address[],
  clientAddress?: Address,
) {
  const found: (DialSetup | undefined)[] = []
  const connector = {
    dial: (_to: Address, _ms: number, _done: unknown, setup?: DialSetup) => {
      found.push(setup)
      return { cancel: () => {} }
    },
  }
  const whole = socket && { options: OPTIONS, source: undefined, sourcePorts: undefined, ...socket }
  const dialer = new OwnSockets(connector, () => whole)
  for (const peer of peers) dialer.dial(peer, 0, () => {}, { clientAddress })
  return found
}

const hosts = (found: readonly (DialSetup | undefined)[]) => found.map((setup) => setup?.source?.host)
const list = (...addresses: string[]) => ({ isClient: false, addresses })

it('a cluster without socket options, and a unix socket, have no setup', () => {
  expect(setups(undefined, [V4])).toEqual([undefined])
  expect(setups({ source: list('10.0.0.9') }, [UNIX])).toEqual([undefined])
})

it('source addresses of the IP version of the backend take turns', () => {
  const source = list('10.0.0.8', '2001:db8::9', '10.0.0.9')
  expect(hosts(setups({ source }, [V4, V4, V4]))).toEqual(['10.0.0.8', '10.0.0.9', '10.0.0.8'])
  expect(hosts(setups({ source }, [V6, V6]))).toEqual(['2001:db8::9', '2001:db8::9'])
  expect(hosts(setups({ source: list('10.0.0.8') }, [V6]))).toEqual([undefined])
})

it('millrace connects from the address of the client, if the backend has the same IP version', () => {
  const source = { isClient: true, addresses: [] }
  const client: Address = { kind: 'tcp', host: '198.51.100.7', port: 5555 }
  expect(setups({ source }, [V4], client)).toEqual([
    { options: OPTIONS, source: { host: '198.51.100.7', ports: undefined } },
  ])
  expect(hosts(setups({ source }, [V6], client))).toEqual([undefined])
  expect(hosts(setups({ source }, [V4], UNIX))).toEqual([undefined])
  expect(hosts(setups({ source }, [V4]))).toEqual([undefined])
})

it('source ports hold for any address, too', () => {
  const ports = [20_000, 40_000] as const
  expect(setups({ sourcePorts: ports }, [V4, V6]).map((setup) => setup?.source)).toEqual([
    { host: '0.0.0.0', ports },
    { host: '::', ports },
  ])
})
