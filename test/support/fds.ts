/** The open fds of this process, for a comparison before and after a test. It needs /proc/self/fd. */
import { readdirSync, readlinkSync } from 'node:fs'

/** Each open fd as `number → file`. */
export function openFds(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [`${fd} → ${readlinkSync(`/proc/self/fd/${fd}`)}`]
    } catch {
      return [] // The fd that this reading of the folder needed.
    }
  })
}

/** The fds that are open now and were not open before. */
export function openedSince(before: readonly string[]): string[] {
  return openFds().filter((fd) => !before.includes(fd))
}
