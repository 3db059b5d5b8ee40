/**
 * Loaded into each process that runs a suite. Being killed by a signal would skip the leak check at exit.
 */
process.on('SIGTERM', () => process.exit())

// LeakSanitizer cannot run beneath strace, which some suites start processes with.
process.env.ASAN_OPTIONS = `${process.env.ASAN_OPTIONS}:detect_leaks=0`
