/** Moves `performance.now()` ahead, so that hours of silence need no waiting. Timers run as ever. */
const now = performance.now.bind(performance)
let aheadMs = 0

export function advanceClock(ms: number): void {
  aheadMs += ms
  performance.now = () => now() + aheadMs
}

/** Back to the time it is. */
export function restoreClock(): void {
  aheadMs = 0
  performance.now = now
}
