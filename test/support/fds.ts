/** The fd table of this process, to be compared before and after. Empty where the system has no /proc. */
import { readdirSync, readlinkSync } from 'node:fs'

/** Each open fd as `number → what it is`. */
export function openFds(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [`${fd} → ${readlinkSync(`/proc/self/fd/${fd}`)}`]
    } catch {
      return [] // The one that reading the folder itself needed.
    }
  })
}

/** What is open now and was not open before. */
export function openedSince(before: readonly string[]): string[] {
  return openFds().filter((fd) => !before.includes(fd))
}
