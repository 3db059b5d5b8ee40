/**
 * One line on a terminal that tells how the proxy is doing, rewritten in place; and the same figures as a
 * summary at the end.
 */
import type { ProxyStatus } from './status.js'

const EVERY_MS = 500
const UNITS = ['B', 'KB', 'MB', 'GB', 'TB', 'PB']

/** Rewrites the line until the returned function is called. Does nothing where stdout is no terminal. */
export function showLiveLine(status: () => ProxyStatus): () => void {
  if (!process.stdout.isTTY) return () => {}
  let before = status().connections
  let at = performance.now()
  const timer = setInterval(() => {
    const { connections } = status()
    const now = performance.now()
    const rate = (bytes: number): string => ((bytes * 8) / ((now - at) * 1e6)).toFixed(2)
    const up = rate(connections.bytesUp - before.bytesUp)
    const down = rate(connections.bytesDown - before.bytesDown)
    const { spliced, copied } = shares(connections)
    const line = `${connections.active} connections  ↑ ${up} ↓ ${down} Gbit/s  spliced ${spliced}  copied ${copied}`
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
  const bytes = `${formatBytes(bytesUp)} up, ${formatBytes(bytesDown)} down`
  return `${ended} connections, ${bytes}; spliced ${spliced}, copied ${copied}`
}

/** 1500 → `1.50 KB`. */
export function formatBytes(bytes: number): string {
  let amount = bytes
  let unit = 0
  // From 999.5 on three digits would round it up to a fourth.
  for (; amount >= 999.5 && unit < UNITS.length - 1; unit++) amount /= 1000
  return unit === 0 ? `${bytes} B` : `${amount.toPrecision(3)} ${UNITS[unit]}`
}

function shares(totals: ProxyStatus['connections']): { spliced: string; copied: string } {
  const spliced = totals.splicedUp + totals.splicedDown
  return { spliced: formatBytes(spliced), copied: formatBytes(totals.bytesUp + totals.bytesDown - spliced) }
}
