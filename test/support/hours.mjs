/** A test preloads this into a process. SIGWINCH then fires the hourly timers of the process, and stderr tells it. */
const HOUR_MS = 3_600_000
const { setInterval: really } = globalThis

globalThis.setInterval = (tick, ms, ...rest) => {
  if (ms === HOUR_MS) {
    process.on('SIGWINCH', () => {
      tick(...rest)
      process.stderr.write('an hour has passed\n')
    })
  }
  return really(tick, ms, ...rest)
}
