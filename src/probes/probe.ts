/**
 * Performs one check of one address. It knows no clusters and no config, and its only timer is the deadline of the check.
 */
import { type NetConnectOpts, connect as netConnect } from 'node:net'
import type { ResolvedAddress } from '../address.js'
import type { Check, ProbeResult, ProbeTarget, Probing } from './check.js'
import { connectReason } from './errno.js'

/**
 * Checks `target`, and calls `done` once with the result, never before this function has returned. Whatever the backend
 * does, the result comes at the latest after `timeoutMs`, and the check throws nothing.
 */
export function probe(_check: Check, target: ProbeTarget, done: (result: ProbeResult) => void): Probing {
  const socket = netConnect(netAddress(target.address))
  const finish = (result: ProbeResult | undefined): void => {
    clearTimeout(deadline)
    socket
      .off('connect', connected)
      .off('error', failed)
      .on('error', () => {})
    socket.destroy()
    if (result !== undefined) done(result)
  }
  const connected = (): void => finish({ passed: true, reason: 'L4OK', detail: undefined })
  const failed = ({ code, message }: NodeJS.ErrnoException): void =>
    finish({ passed: false, reason: connectReason(code ?? ''), detail: code ?? message })
  const late = (): void => finish({ passed: false, reason: 'L4TOUT', detail: undefined })
  const deadline = setTimeout(late, target.timeoutMs)
  socket.on('connect', connected).on('error', failed)
  return { cancel: () => finish(undefined) }
}

const netAddress = (address: ResolvedAddress): NetConnectOpts =>
  address.kind === 'unix' ? { path: address.path } : { host: address.host, port: address.port }
