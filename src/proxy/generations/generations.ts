/**
 * The generation of the config that is present, and the one that is being taken up: listeners of that may have clients
 * before it is the present one.
 */
import type { Config } from '../../config/schema.js'
import type { Service } from '../../connection/service.js'
import type { Listener } from '../../listener/listener.js'
import type { Generation } from './generation.js'

export class Generations {
  present: Generation
  /** Undefined until the first reload. */
  next: Generation | undefined

  constructor(first: Generation) {
    this.present = first
  }

  get config(): Config {
    return this.present.config
  }

  /** Of a listener that is open. */
  serviceOf(listener: Listener): Service {
    return this.present.services.get(listener) ?? this.next!.services.get(listener)!
  }

  /** Whether somebody may come to them already or not. */
  get listeners(): readonly Listener[] {
    return [...this.present.services.keys(), ...(this.next?.services.keys() ?? [])]
  }
}
