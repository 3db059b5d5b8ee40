/**
 * The generation of the present config, and the one that a reload is about to use. Its listeners may have
 * clients already.
 */
import type { Config } from '../../config/schema.js'
import type { Service } from '../../connection/service.js'
import type { Listener } from '../../listener/listener.js'
import type { Generation } from './generation.js'

export class Generations {
  present: Generation
  /** The generation of the last reload. Undefined until the first one. */
  next: Generation | undefined

  constructor(first: Generation) {
    this.present = first
  }

  get config(): Config {
    return this.present.config
  }

  /** The service of a listener that is open. */
  serviceOf(listener: Listener): Service {
    return this.present.services.get(listener) ?? this.next!.services.get(listener)!
  }

  /** Listeners of this name accept nobody any more. */
  drain(name: string | undefined): void {
    for (const service of this.present.services.values()) if (service.name === name) service.listener.drain()
  }

  /** Listeners that stay closed until somebody opens them by name. */
  get drained(): readonly string[] {
    return Array.from(this.present.services, ([{ isDrained }, { name }]) => (isDrained ? [name] : [])).flat()
  }

  /** All listeners, whether clients can reach them yet or not. */
  get listeners(): readonly Listener[] {
    return [...this.present.services.keys(), ...(this.next?.services.keys() ?? [])]
  }
}
