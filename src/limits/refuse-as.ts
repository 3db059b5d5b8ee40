/** Which answers to refused clients not every client can read. Pure. */
import type { RefuseAs } from './policy.js'

/** In these protocols the server speaks first, in the clear. */
const SERVER_FIRST: readonly RefuseAs[] = ['mysql', 'smtp']

/** Whether only clients that wait for the server to speak can read such an answer. */
export const isServerFirst = (refuseAs: unknown): refuseAs is RefuseAs =>
  SERVER_FIRST.some((each) => each === refuseAs)

/** What clients of this listener have to speak before their server does. Undefined: nothing. */
export function spokenFirst({
  startTls,
  protocol,
}: {
  readonly startTls?: unknown
  readonly protocol?: unknown
}): string | undefined {
  if (startTls !== undefined) return 'Postgres'
  return protocol === 'http' ? 'HTTP' : undefined
}
