/** The conditions of a story: its engine, and the faults that are put back. */
import type { Engine } from '../../../src/io/engine.js'
import { type Faults, NO_FAULTS } from '../faults.js'

export interface Conditions {
  readonly engine: Engine['kind']
  readonly faults: Faults
}

export const asItIs = (engine: Engine['kind']): Conditions => ({ engine, faults: NO_FAULTS })
