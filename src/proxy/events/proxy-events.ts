/**
 * Tells a program what happens in its proxy: by listeners, by readers of records, and by channels of node:diagnostics_channel. It makes
 * nothing that nobody wants. Code of the program never runs inside a step of a connection, but right after it. So it can do everything
 * to every connection.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { channel } from 'node:diagnostics_channel'
import { EventEmitter } from 'node:events'
import { types } from 'node:util'
import type { JudgeHooks } from '../../cluster/judge.js'
import { newsOf } from '../../observe/log/announcements.js'
import type { ProxyEventListener, ProxyEventMap, ProxyEventName, RecordReader } from './event-types.js'
import { RecordReaders } from './record-readers.js'

const NAMES: Readonly<Record<ProxyEventName, true>> = {
  connection: true,
  record: true,
  backendDown: true,
  backendUp: true,
}
export const PROXY_EVENTS = Object.keys(NAMES) as ProxyEventName[]

/** Events that have a channel, too. */
const CHANNELS = new Map([
  ['connection', channel('millrace:connection')],
  ['record', channel('millrace:record')],
])

type Happened = {
  [Name in ProxyEventName]: readonly [name: Name, event: ProxyEventMap[Name]]
}[ProxyEventName]

export class ProxyEvents {
  readonly #listeners = new EventEmitter()
  readonly #readers = new RecordReaders()
  #waiting: Happened[] = []
  /** Runs something in the asynchronous context of the start. */
  #inContext: <Result>(run: () => Result) => Result = (run) => run()
  #hasToldFailure = false

  /** Code of the program runs in the asynchronous context of this call from now on. */
  enterContext(): void {
    this.#inContext = AsyncLocalStorage.snapshot()
  }

  run<Result>(run: () => Result): Result {
    return this.#inContext(run)
  }

  on<Name extends ProxyEventName>(name: Name, listener: ProxyEventListener<Name>): void {
    this.#listeners.on(name, listener)
  }

  once<Name extends ProxyEventName>(name: Name, listener: ProxyEventListener<Name>): void {
    this.#listeners.once(name, listener)
  }

  off<Name extends ProxyEventName>(name: Name, listener: ProxyEventListener<Name>): void {
    this.#listeners.off(name, listener)
  }

  records(most: number | undefined): RecordReader {
    return this.#readers.open(most)
  }

  wants(name: ProxyEventName): boolean {
    if (this.#listeners.listenerCount(name) > 0 || CHANNELS.get(name)?.hasSubscribers === true) return true
    return name === 'record' && this.#readers.size > 0
  }

  tell(...happened: Happened): void {
    this.#waiting.push(happened)
    if (this.#waiting.length === 1) queueMicrotask(() => this.#tellAll())
  }

  /** What the cluster of this name calls. */
  hooksOf(cluster: string): Pick<JudgeHooks, 'onBackendDown' | 'onBackendUp'> {
    return {
      onBackendDown: (backend, restMs) => {
        if (this.wants('backendDown')) this.tell('backendDown', { ...newsOf(cluster, backend), restMs })
      },
      onBackendUp: (backend, isActive) => {
        if (this.wants('backendUp')) this.tell('backendUp', newsOf(cluster, backend, isActive))
      },
    }
  }

  /** The proxy has ended. Tells what is left. */
  end(): void {
    this.#tellAll()
    this.#readers.end()
  }

  #tellAll(): void {
    const waiting = this.#waiting
    this.#waiting = []
    this.#inContext(() => {
      for (const [name, event] of waiting) {
        if (name === 'record') this.#readers.push(event)
        const channelOf = CHANNELS.get(name)
        if (channelOf?.hasSubscribers === true) channelOf.publish(event)
        for (const listener of this.#listeners.rawListeners(name)) this.#call(name, listener, event)
      }
    })
  }

  #call(name: ProxyEventName, listener: Parameters<typeof Reflect.apply>[0], event: unknown): void {
    try {
      const returned: unknown = Reflect.apply(listener, undefined, [event])
      if (types.isPromise(returned)) returned.catch((error) => this.#failed(name, error))
    } catch (error) {
      this.#failed(name, error)
    }
  }

  /** Told once, because the next event would fail in the same way. */
  #failed(name: ProxyEventName, error: unknown): void {
    if (this.#hasToldFailure) return
    this.#hasToldFailure = true
    const why = types.isNativeError(error) ? error.message : 'it threw something that is no Error'
    process.emitWarning(`a listener for the event ${name} of a proxy failed: ${why}`, {
      code: 'MILLRACE_LISTENER_FAILED',
    })
  }
}
