/**
 * One line on a terminal with the figures of the proxy, rewritten in place, and the same figures as a summary
 * at the end.
 */
import { bytes, rate } from '../figures.js'
import type { ProxyStatus } from './status.js'

const EVERY_MS = 500

/**
 * Rewrites the line every 500 ms until the returned function is called. Does nothing if stdout is not a
 * terminal.
 */
export function showLiveLine(status: () => ProxyStatus): () => void {
  if (!process.stdout.isTTY) return () => {}
  let before = status().connections
  let at = performance.now()
  const timer = setInterval(() => {
    const { connections } = status()
    const now = performance.now()
    const seconds = (now - at) / 1000
    const up = rate((connections.bytesUp - before.bytesUp) / seconds)
    const down = rate((connections.bytesDown - before.bytesDown) / seconds)
    const { spliced, copied } = shares(connections)
    const line = `${connections.active} connections  ↑ ${up}  ↓ ${down}  spliced ${spliced}  copied ${copied}`
    process.stdout.write(`\r\x1b[2K${line}`)
    before = connections
    at = now
  }, EVERY_MS)
  return () => {
    clearInterval(timer)
    process.stdout.write('\r\x1b[2K')
  }
}

export function summary({ connections }: ProxyStatus): string {
  const { spliced, copied } = shares(connections)
  const { ended, bytesUp, bytesDown } = connections
  const moved = `${bytes(bytesUp)} up, ${bytes(bytesDown)} down`
  return `${ended} connections, ${moved}; spliced ${spliced}, copied ${copied}`
}

function shares(totals: ProxyStatus['connections']): { spliced: string; copied: string } {
  const spliced = totals.splicedUp + totals.splicedDown
  return { spliced: bytes(spliced), copied: bytes(totals.bytesUp + totals.bytesDown - spliced) }
}
