/**
 * What the library does when an AbortSignal of a caller aborts. Node warns of more than ten listeners on a signal, and one signal may
 * serve thousands of pipes. So a signal gets one listener, and only as long as somebody follows it.
 */

/** What a caller may give to stop something. */
export interface Abortable {
  /** Gives up what was asked for. Default: none. */
  readonly signal?: AbortSignal | undefined
}

interface Following {
  readonly followers: Set<() => void>
  readonly listener: () => void
}

const followings = new WeakMap<AbortSignal, Following>()

/** Calls `aborted` once when the signal aborts: at once if it has. Returns what ends that. */
export function whenAborted(signal: AbortSignal | undefined, aborted: () => void): () => void {
  if (signal === undefined) return () => {}
  if (signal.aborted) {
    aborted()
    return () => {}
  }
  const { followers, listener } = followings.get(signal) ?? follow(signal)
  // Each call counts, also if two of them have the same function.
  const follower = (): void => aborted()
  followers.add(follower)
  return () => {
    if (!followers.delete(follower) || followers.size > 0) return
    signal.removeEventListener('abort', listener)
    followings.delete(signal)
  }
}

/** The same promise, but it rejects with the reason of the signal as soon as that aborts. */
export async function untilAborted<Value>(
  promise: Promise<Value>,
  signal: AbortSignal | undefined,
): Promise<Value> {
  if (signal === undefined) return promise
  let unfollow = (): void => {}
  try {
    return await new Promise<Value>((resolve, reject) => {
      promise.then(resolve, reject)
      unfollow = whenAborted(signal, () => reject(signal.reason))
    })
  } finally {
    unfollow()
  }
}

function follow(signal: AbortSignal): Following {
  const followers = new Set<() => void>()
  const listener = (): void => {
    followings.delete(signal)
    for (const follower of followers) follower()
    followers.clear()
  }
  const following = { followers, listener }
  followings.set(signal, following)
  signal.addEventListener('abort', listener, { once: true })
  return following
}
