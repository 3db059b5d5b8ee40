import { availableParallelism } from 'node:os'
import type { Config } from './schema.js'

/** The number of processes that serve. */
export function workerCount({ workers }: Pick<Config, 'workers'>): number {
  return workers === 'auto' ? availableParallelism() : workers
}
