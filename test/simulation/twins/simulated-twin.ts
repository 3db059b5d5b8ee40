/** Connections of the simulated addon, in a kernel where everything arrives at once, as on the loopback interface. */
import { BROKEN, PEER_ENDED, READABLE } from '../../../src/io/socket.js'
import { SimulatedAddon } from '../addon/addon.js'
import { NO_FAULTS } from '../faults.js'
import { Kernel } from '../kernel/kernel.js'
import type { FarEnd } from '../kernel/machine.js'
import { Random } from '../random.js'
import type { FarSide, Twin } from './twin.js'

const LISTENER = { host: '10.9.9.9', port: 1 }
const SERVER = { host: '10.1.0.1', port: 80 }
const BUFFER_BYTES = 1024 * 1024
const EVENT_CELLS = 6
const SCRATCH_BYTES = 64 * 1024
const OFFLOAD_CELLS = 2048

export function simulatedTwin(seed: number): Twin {
  const buffers = { sendBytes: BUFFER_BYTES, receiveBytes: BUFFER_BYTES }
  const kernel = new Kernel(new Random(seed), { buffers, quotaPages: 0, spliceErrno: 0 })
  kernel.isRestless = false
  const addon = new SimulatedAddon(kernel, NO_FAULTS)
  const events = new Int32Array(64 * EVENT_CELLS)
  const outcome = new Int32Array(1024)
  const scratch = Buffer.alloc(SCRATCH_BYTES)
  let bits = 0
  const heard = (count: number): void => {
    for (let at = 0; at < count * EVENT_CELLS; at += EVENT_CELLS)
      if (events[at] === source) bits |= events[at + 2]!
  }
  addon.start(heard, events, outcome, scratch, new Int32Array(OFFLOAD_CELLS), new Int32Array(OFFLOAD_CELLS))
  addon.sizePipes(1024 * 1024, 64 * 1024 * 1024, 0)
  const listener = addon.listen(LISTENER.host, LISTENER.port, 8)
  const sayer = kernel.connectFrom({ host: '10.0.0.1', port: 2 }, LISTENER)!
  const source = addon.accept(listener, 1)
  const taker: FarEnd[] = []
  const accepted = (far: FarEnd): void => {
    taker.push(far)
  }
  kernel.servers.set(`${SERVER.host}:${SERVER.port}`, { refuseAtOnce: () => 0, answer: () => 0, accepted })
  const sink = addon.connect(SERVER.host, SERVER.port, 2)
  const told = async (): Promise<number> => {
    const answer = bits & (READABLE | PEER_ENDED | BROKEN)
    bits = 0
    return answer
  }
  const bring = (): void => {
    kernel.network.bringAll()
    addon.collect()
  }
  bring()
  bits = 0
  const [far] = taker
  return {
    addon,
    outcome,
    scratch,
    source,
    sink,
    sayer: farSide(sayer, bring),
    taker: farSide(far!, bring),
    events: told,
    close: () => {},
  }
}

/** `bring` makes everything arrive and be reported. */
function farSide({ inbound, outbound }: FarEnd, bring: () => void): FarSide {
  return {
    send: async (bytes) => {
      const sent = outbound.send(bytes)
      bring()
      return sent
    },
    end: async () => {
      outbound.end()
      bring()
    },
    reset: async () => {
      outbound.reset(Number.MAX_SAFE_INTEGER)
      inbound.forget()
      bring()
    },
    take: () => {
      bring()
      return inbound.receive(Number.MAX_SAFE_INTEGER)
    },
  }
}
