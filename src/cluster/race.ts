/**
 * One connect to a backend that has IPv4 and IPv6 addresses (RFC 8305). One address has a head start. If it fails or is slow,
 * the other one is dialled beside it, and the first connection wins. So a family that does not work costs 250 ms, and no
 * client waits for connectMs because of it.
 */
import type { ResolvedAddress } from '../address.js'
import { SHORTAGES } from '../errors.js'
import type { Dial } from '../io/engine.js'
import type { DialClient, Dialer, DialerOutcome } from './dialer.js'

/** RFC 8305, section 8: recommended 250 ms. */
const HEAD_START_MS = 250

export interface RaceOutcome extends DialerOutcome {
  /** The address that won. If none did, the first one. */
  readonly address: ResolvedAddress
  /** The addresses that failed, without `address`. */
  readonly failed: readonly ResolvedAddress[]
}

/** Calls `done` once, never before it has returned, unless it is cancelled. */
export function race(
  dialer: Dialer,
  [first, second]: readonly [ResolvedAddress, ResolvedAddress],
  connectMs: number,
  done: (outcome: RaceOutcome) => void,
  client?: DialClient | undefined,
): Dial {
  const running = new Map<ResolvedAddress, Dial>()
  const failed: ResolvedAddress[] = []
  let timer: NodeJS.Timeout | undefined
  const end = (): void => {
    clearTimeout(timer)
    for (const dial of running.values()) dial.cancel()
  }
  const settled = (address: ResolvedAddress, outcome: DialerOutcome): void => {
    running.delete(address)
    // A shortage says nothing about the address. The other connect has what it needs, and goes on.
    const isShort = SHORTAGES.has(outcome.errno)
    if (isShort && running.size > 0) return
    if (outcome.socket !== undefined || isShort) {
      end()
      done({ ...outcome, address, failed })
      return
    }
    failed.push(address)
    if (address === first && failed.length === 1 && running.size === 0) begin(second, connectMs)
    if (running.size > 0) return
    end()
    done({ ...outcome, address: first, failed: failed.filter((each) => each !== first) })
  }
  const begin = (address: ResolvedAddress, withinMs: number): void => {
    clearTimeout(timer)
    running.set(
      address,
      dialer.dial(address, withinMs, (outcome) => settled(address, outcome), client),
    )
  }
  const remainingMs = connectMs === 0 ? 0 : connectMs - HEAD_START_MS
  const hasTime = connectMs === 0 || remainingMs > 0
  begin(first, connectMs)
  if (hasTime) timer = setTimeout(() => begin(second, remainingMs), HEAD_START_MS).unref()
  return { cancel: end }
}
