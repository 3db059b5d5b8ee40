/** What is collected, and when: the collector of this process, run on demand. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { turns } from './wait.js'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Resolves when nobody keeps it any more. The test's own timeout is the bound. */
export async function collected(known: WeakRef<object>): Promise<void> {
  do {
    // Whoever has just looked at it keeps it until the end of that turn.
    await turns(2)
    collect()
  } while (known.deref() !== undefined)
}
