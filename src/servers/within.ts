/** Work for one client that may last only so long, and only as long as the client is there. */
import { show } from '../arguments.js'
import { type Outcome, Refused, toRefused } from './outcome.js'

/** A timer of Node with more ms than that ends at once. */
const MOST_MS = 2 ** 31 - 1

/** Whether so many ms are a limit, and not 0, which means none, or many days. */
export const isLimit = (ms: number): boolean => ms > 0 && ms <= MOST_MS

/**
 * Resolves with what `work` resolves with. Rejects with `late` after `ms` (0: never), and when `gone` aborts. The signal of `work`
 * aborts then, and never later: what the work has made is to be destroyed by it.
 */
export async function within<Made>(
  ms: number,
  late: Outcome,
  gone: AbortSignal,
  work: (signal: AbortSignal) => Made | Promise<Made>,
): Promise<Made> {
  const controller = new AbortController()
  let stop = (): void => {}
  const over = new Promise<never>((_, reject) => {
    const end = (outcome: Outcome): void => {
      reject(new Refused(outcome))
      controller.abort()
    }
    const leave = (): void => end('client-gone')
    const timer = isLimit(ms) ? setTimeout(() => end(late), ms) : undefined
    gone.addEventListener('abort', leave)
    stop = () => {
      clearTimeout(timer)
      gone.removeEventListener('abort', leave)
    }
    if (gone.aborted) leave()
  })
  try {
    return await Promise.race([over, Promise.resolve(controller.signal).then(work)])
  } finally {
    stop()
  }
}

/** Calls a function of the user, which may do anything. Rejects with Refused. */
export async function ask(
  ms: number,
  gone: AbortSignal,
  call: (signal: AbortSignal) => unknown,
): Promise<unknown> {
  try {
    return await within(ms, 'function-timeout', gone, call)
  } catch (error) {
    throw toRefused(error ?? new TypeError(`it threw ${show(error)}`))
  }
}
