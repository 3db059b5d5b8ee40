/** One question to one server over one transport, with a deadline. */
import type { DnsFailure } from './answer.js'

export interface DnsServer {
  /** IPv4 or IPv6. A link-local address may have a zone. */
  readonly ip: string
  readonly port: number
}

export interface Exchange {
  readonly server: DnsServer
  readonly bytes: Buffer
  readonly timeoutMs: number
  /** Aborted: nobody waits any more. Sockets are closed at once. */
  readonly signal: AbortSignal
}

/** The reply in these bytes. Undefined if they hold none. */
export type Read<Reply> = (bytes: Buffer) => Reply | undefined

/** Starts a transport and returns what closes it. `settle` gets the reply or the code of a failure. */
type Start<Reply> = (settle: (outcome: Reply | string) => void) => () => void

/** Resolves once: with a reply, or with the code of a failure. Then nothing of the exchange is left. */
export function settleOnce<Reply>(
  { timeoutMs, signal }: Exchange,
  start: Start<Reply>,
): Promise<Reply | string> {
  if (signal.aborted) return Promise.resolve('CANCELLED' satisfies DnsFailure)
  return new Promise((resolve) => {
    let isSettled = false
    const settle = (outcome: Reply | string): void => {
      if (isSettled) return
      isSettled = true
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
      close()
      resolve(outcome)
    }
    const abort = (): void => settle('CANCELLED' satisfies DnsFailure)
    const timer = setTimeout(() => settle('TIMEOUT' satisfies DnsFailure), timeoutMs).unref()
    signal.addEventListener('abort', abort)
    const close = start(settle)
  })
}
