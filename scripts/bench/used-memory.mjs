// The memory of this process that its values take, without garbage.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Bytes of the heap and of buffers after a garbage collection. */
export function usedBytes() {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc')
  // A buffer is freed by the collection after the one that finds it.
  collect()
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
