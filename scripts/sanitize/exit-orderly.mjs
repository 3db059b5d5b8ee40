/**
 * Loaded into each process that runs a suite. A signal that kills the process would skip the leak check at
 * exit.
 */
process.on('SIGTERM', () => process.exit())

// LeakSanitizer cannot run beneath strace, and some suites start processes with strace.
process.env.ASAN_OPTIONS = `${process.env.ASAN_OPTIONS}:detect_leaks=0`
