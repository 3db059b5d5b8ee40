/** How a candidate becomes the present config. Workers load this file, so it has no schema. */
import type { Config } from '../schema.js'
import type { Candidate } from './changing-config.js'

/** Uses the config of this candidate, and tells the candidate what has become of it. Rejects with what `use` throws. */
export async function takeUp(candidate: Candidate, use: (config: Config) => Promise<void>): Promise<void> {
  try {
    await use(candidate.config)
  } catch (error) {
    candidate.givenUp?.()
    throw error
  }
  candidate.taken?.()
}
