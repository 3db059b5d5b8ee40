/**
 * One connect to one address of a backend, for a client that must get there and nowhere else. It is counted
 * like any other. It does not change which backend is next.
 */
import type { ResolvedAddress } from '../address.js'
import type { AttemptHost } from './attempt-host.js'
import type { Backend } from './backend.js'
import type { Dialling, DialOptions, DialResult } from './dial.js'
import type { DialClient, DialerOutcome } from './dialer.js'

export interface PlaceOfBackend {
  readonly backend: Backend
  readonly address: ResolvedAddress
}

/** Calls `done` once, never before `dialAt` has returned, unless the dial is cancelled. */
export function dialAt(
  host: Pick<AttemptHost, 'engine' | 'succeeded'>,
  { backend, address }: PlaceOfBackend,
  { connectMs, arrival, clientAddress }: DialOptions & DialClient,
  done: (result: DialResult) => void,
): Dialling {
  backend.dialBegan()
  const connected = ({ socket, errno, via }: DialerOutcome): void => {
    if (socket === undefined) {
      backend.dialDropped()
      done({ error: errno, backend, retries: 0, via })
      return
    }
    host.succeeded(backend)
    done({ socket, backend, address, retries: 0, via })
  }
  const dial = host.engine.dial(address, connectMs, connected, { arrival, clientAddress })
  return {
    cancel: () => {
      dial.cancel()
      backend.dialDropped()
    },
  }
}
