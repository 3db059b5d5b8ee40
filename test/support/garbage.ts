/** Runs the garbage collector of this process on demand. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { turns } from './wait.js'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Resolves when nothing keeps the object any more. The timeout of the test is the limit. */
export async function collected(known: WeakRef<object>): Promise<void> {
  do {
    // Code that has just looked at the object keeps it until the end of that turn.
    await turns(2)
    collect()
  } while (known.deref() !== undefined)
}
