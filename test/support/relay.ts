/** Starts relay.mjs and reads its output. */
import { fileURLToPath } from 'node:url'
import type { Address } from '../../src/address.js'
import type { NativeCounts } from '../../src/io/kernel/native.js'
import type { PipeCounters, PipeEnding, PipeSettings, PipeTotals } from '../../src/pipe/options.js'
import { Program } from './programs.js'

const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url))
const SCRIPT = fileURLToPath(new URL('relay.mjs', import.meta.url))

export interface RelayOptions {
  readonly backend: Address
  readonly settings: Partial<PipeSettings>
  /** A command in front of `node` that runs the relay, such as strace. */
  readonly beneath?: readonly string[]
  /** Where the built code and relay.mjs are. Default: this checkout. */
  readonly code?: { readonly checkout: string; readonly script: string }
}

export type RelayRecord = PipeEnding & PipeTotals
/** `timers` counts those set since the start, `connections` those open now. */
export type RelayCounts = NativeCounts & PipeCounters & { connections: number; timers: number }

type Event = Record<string, unknown>

export class Relay {
  readonly program: Program
  address: Address = { kind: 'tcp', host: '127.0.0.1', port: 0 }
  #countsAsked = 0

  static async start({ backend, settings, beneath = [], code }: RelayOptions): Promise<Relay> {
    const { checkout, script } = code ?? { checkout: CHECKOUT, script: SCRIPT }
    const command = [...beneath, process.execPath, script, checkout, JSON.stringify({ backend, settings })]
    const relay = new Relay(new Program(command[0]!, command.slice(1)))
    const listening = await relay.#seen((event) => 'listening' in event, 1)
    relay.address = { kind: 'tcp', host: '127.0.0.1', port: listening.listening as number }
    return relay
  }

  private constructor(program: Program) {
    this.program = program
  }

  /** The records of connections that have ended so far. */
  get ended(): RelayRecord[] {
    return this.#events().filter((event) => 'cause' in event) as unknown as RelayRecord[]
  }

  /** Resolves with these records as soon as there are at least `count`. */
  records(count: number): Promise<RelayRecord[]> {
    return this.program.seen(() => this.ended.length >= count && this.ended)
  }

  /** One errno for each time the listener paused. */
  get pauses(): string[] {
    return this.#events().flatMap((event) => ('paused' in event ? [String(event.paused)] : []))
  }

  get failedDials(): string[] {
    return this.#events().flatMap((event) => ('dialFailed' in event ? [String(event.dialFailed)] : []))
  }

  async counts(): Promise<RelayCounts> {
    this.program.child.stdin.write('counts\n')
    return (await this.#seen((event) => 'timers' in event, ++this.#countsAsked)) as unknown as RelayCounts
  }

  /** Ends the relay and returns its exit code. */
  async stop(): Promise<number | null> {
    this.program.child.stdin.end()
    return (await this.program.exited).code
  }

  #events(): Event[] {
    const lines = this.program.stdout.split('\n').slice(0, -1)
    return lines.map((line) => JSON.parse(line) as Event)
  }

  /** Resolves with the `count`th wanted event. */
  #seen(isWanted: (event: Event) => boolean, count: number): Promise<Event> {
    return this.program.seen(() => this.#events().filter(isWanted)[count - 1])
  }
}
