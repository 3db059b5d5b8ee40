/**
 * How long a process will sleep, as the kernel tells. A test can wait for this fact. It then need not watch the process for
 * some time to see whether it wakes without a reason.
 */
import { readdirSync, readFileSync } from 'node:fs'

/** The numbers of epoll_wait(2) and futex(2), by platform. The fourth argument of each is its timeout. */
const CALLS = {
  x64: { forEvents: [232, 281], forThreads: 202 },
  arm64: { forEvents: [22], forThreads: 98 },
}
const { forEvents, forThreads } = process.arch === 'arm64' ? CALLS.arm64 : CALLS.x64

/**
 * For how long (ms) all threads of a process will sleep if nothing happens. 0 if one is awake or sleeps in another way.
 * Infinity if none has a timeout.
 */
export function sleepsForMs(pid: number): number {
  return Math.min(...readdirSync(`/proc/${pid}/task`).map((thread) => threadSleepsForMs(pid, thread)))
}

/** proc(5): `running`, or the system call in which the thread is blocked, with its arguments. */
function threadSleepsForMs(pid: number, thread: string): number {
  const [call, ...args] = syscallOf(pid, thread).split(' ')
  const timeout = Number(args[3]) | 0
  if (forEvents.includes(Number(call))) return timeout < 0 ? Number.POSITIVE_INFINITY : timeout
  // The timeout of a futex is an address. 0 means that the thread sleeps for ever.
  return Number(call) === forThreads && timeout === 0 ? Number.POSITIVE_INFINITY : 0
}

function syscallOf(pid: number, thread: string): string {
  try {
    return readFileSync(`/proc/${pid}/task/${thread}/syscall`, 'utf8')
  } catch (error) {
    // The thread has ended meanwhile.
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return ''
    throw error
  }
}
