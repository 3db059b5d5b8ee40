/** Moves `performance.now()` ahead, so that no test waits for hours. Timers run as usual. */
const real = performance.now.bind(performance)
let now = real
let aheadMs = 0

export function advanceClock(ms: number): void {
  aheadMs += ms
  performance.now = () => now() + aheadMs
}

/** From now on time passes only by `advanceClock`. */
export function stopClock(): void {
  const at = real()
  now = () => at
  advanceClock(0)
}

/** Goes back to the real time. */
export function restoreClock(): void {
  aheadMs = 0
  now = real
  performance.now = real
}
