/**
 * Where the workers listen. They share an address, and sharing hides another process that has it too. So a
 * new address is first opened once without sharing. Port 0 becomes the one port that all workers get.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Address } from '../../address.js'
import { type ListenPlace, overlap } from '../../config/checks/listener-addresses.js'
import type { Config } from '../../config/schema.js'
import type { ListenerConfig } from '../../config/schemas/listener-schema.js'
import type { Engine } from '../../io/engine.js'
import { activatedSockets } from '../../io/listening/activated-sockets.js'
import { Listener, type ListenerHooks } from '../../listener/listener.js'

/** A config as it was loaded, and the same config with real ports in place of port 0. */
export interface Assigned {
  readonly loaded: Config
  readonly config: Config
}

/** A client that connects during the probe gets a reset and can connect again. */
const TURNS_AWAY: ListenerHooks = {
  accepted: (_listener, client) => client.reset(),
  paused: () => {},
}

/** Where the listeners of a config are. */
export interface PresentPlaces {
  readonly loaded: { readonly listeners: readonly NamedPlace[] }
  readonly config: { readonly listeners: readonly NamedPlace[] }
}

interface NamedPlace extends ListenPlace {
  readonly name: string
}

/** Rejects with `listen-failed`. `present` is what the workers have now, or what they inherit. */
export async function assignPorts(
  loaded: Config,
  present: PresentPlaces | undefined,
  engine: Engine,
): Promise<Assigned> {
  const listeners: ListenerConfig[] = []
  const probes: Listener[] = []
  try {
    for (const listener of loaded.listeners) {
      listeners.push({ ...listener, address: await placeOf(listener, present, engine, probes) })
    }
    return { loaded, config: { ...loaded, listeners } }
  } finally {
    for (const probe of probes) probe.close()
  }
}

async function placeOf(
  listener: ListenerConfig,
  present: PresentPlaces | undefined,
  engine: Engine,
  probes: Listener[],
): Promise<Address> {
  const { address } = listener
  const held = present && placeHeld(listener, present)
  if (held !== undefined) return held
  if (activatedSockets.has(address)) return address
  // Workers of our own would be in the way. They know whether they are.
  if (present?.config.listeners.some((other) => overlap(other, listener))) return address
  return await probe(listener, engine, probes)
}

/** The address at which the workers already listen for a listener of this address. */
function placeHeld(
  { name, address }: ListenerConfig,
  { loaded, config }: PresentPlaces,
): Address | undefined {
  const isFixed = address.kind === 'unix' || address.port !== 0
  const index = loaded.listeners.findIndex(
    (known) => isDeepStrictEqual(known.address, address) && (isFixed || known.name === name),
  )
  return config.listeners[index]?.address
}

/** A probe for any free port stays open in `probes`, so that no other listener gets the same port. */
async function probe(options: ListenerConfig, engine: Engine, probes: Listener[]): Promise<Address> {
  const listener = new Listener(options)
  await listener.open(engine, false, TURNS_AWAY)
  const { address } = listener
  if (options.address.kind === 'tcp' && options.address.port === 0) probes.push(listener)
  else listener.close()
  return address
}
