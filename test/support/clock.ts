/** Moves `performance.now()` ahead, so that hours of silence need no waiting. Timers run as ever. */
const real = performance.now.bind(performance)
let now = real
let aheadMs = 0

export function advanceClock(ms: number): void {
  aheadMs += ms
  performance.now = () => now() + aheadMs
}

/** From here on no time passes but by `advanceClock`. */
export function stopClock(): void {
  const at = real()
  now = () => at
  advanceClock(0)
}

/** Back to the time it is. */
export function restoreClock(): void {
  aheadMs = 0
  now = real
  performance.now = real
}
