import { afterEach, describe, expect, it, vi } from 'vitest'
import { showLiveLine, summary } from '../../src/observe/live-line.js'
import type { ConnectionTotals, ProxyStatus } from '../../src/observe/status.js'

const NOTHING: ConnectionTotals = {
  active: 0,
  ended: 0,
  bytesUp: 0,
  bytesDown: 0,
  splicedUp: 0,
  splicedDown: 0,
  receivedUp: 0,
  receivedDown: 0,
}
const statusOf = (connections: Partial<ConnectionTotals>): ProxyStatus =>
  ({ connections: { ...NOTHING, ...connections } }) as ProxyStatus

describe('the summary', () => {
  it('the summary says how many connections there were, and how many bytes were spliced and copied', () => {
    const totals = { ended: 2, bytesUp: 200, bytesDown: 3_000_000, splicedDown: 2_500_000 }
    expect(summary(statusOf(totals))).toBe(
      '2 connections, 200 B up, 3.00 MB down; spliced 2.50 MB, copied 500 KB',
    )
  })
})

describe('the live line', () => {
  const { isTTY } = process.stdout

  afterEach(() => {
    process.stdout.isTTY = isTTY
    vi.useRealTimers()
    vi.restoreAllMocks()
  })

  it('the live line on a terminal is rewritten with the rates since the last time, until it is hidden', () => {
    vi.useFakeTimers()
    process.stdout.isTTY = true
    const written: string[] = []
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0)
    let totals: Partial<ConnectionTotals> = {}
    const hide = showLiveLine(() => statusOf(totals))
    totals = { active: 3, bytesUp: 62_500_000, bytesDown: 125_000_000, splicedDown: 125_000_000 }
    vi.advanceTimersByTime(500)
    vi.advanceTimersByTime(500)
    hide()
    vi.advanceTimersByTime(5000)
    const rest = 'spliced 125 MB  copied 62.5 MB'
    expect(written).toEqual([
      `\r\x1b[2K3 connections  ↑ 125 MB/s  ↓ 250 MB/s  ${rest}`,
      `\r\x1b[2K3 connections  ↑ 0 B/s  ↓ 0 B/s  ${rest}`,
      '\r\x1b[2K',
    ])
  })

  it('the live line is not shown if stdout is no terminal', () => {
    process.stdout.isTTY = false
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
    showLiveLine(() => statusOf({}))()
    expect(write).not.toHaveBeenCalled()
  })
})
