/**
 * `npm run sanitize`: builds the addon with AddressSanitizer and UBSan into build-sanitize/ and runs the
 * suites that use it there. Fails if a suite fails, or if a sanitizer finds a fault of ours.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findings } from './sanitize/reports.mjs'
import { SUITES, suitesWithoutFiles } from './sanitize/suites.mjs'
import { environmentForGyp } from './setup/toolchain.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const addon = join(root, 'build-sanitize/Release/millrace.node')
/** Tests that run none of our C++, and one whose PostgreSQL would run with the libraries of the sanitizers, too. */
const LEFT_OUT = ['stream carrier', 'a Postgres session']

process.exitCode = haveFiles() && build() && test() ? 0 : 1

function haveFiles() {
  const empty = suitesWithoutFiles()
  for (const suite of empty) process.stderr.write(`sanitize: no test file matches ${suite}\n`)
  return empty.length === 0
}

function build() {
  const cmake = join(root, 'node_modules/cmake-js/bin/cmake-js')
  const args = ['compile', '--out', 'build-sanitize', '--CDMILLRACE_SANITIZE=ON', '--log-level', 'warn']
  return run([cmake, ...args], environmentForGyp())
}

function test() {
  const reports = mkdtempSync(join(tmpdir(), 'millrace-sanitize-'))
  try {
    const vitest = join(root, 'node_modules/vitest/vitest.mjs')
    const config = join(root, 'scripts/sanitize/vitest.config.mjs')
    const pattern = `^(?!.*(${LEFT_OUT.join('|')}))`
    const args = [vitest, 'run', '--config', config, '--testNamePattern', pattern, ...SUITES]
    const passed = run(args, environment(reports))
    const found = findings(reports)
    for (const text of found) process.stderr.write(`\n${text}\n`)
    process.stderr.write(`sanitize: ${found.length} findings in ${SUITES.join(', ')}\n`)
    return passed && found.length === 0
  } finally {
    rmSync(reports, { recursive: true })
  }
}

/**
 * The runtimes of the sanitizers must be the first libraries of a process, and node is not linked with them.
 */
function environment(reports) {
  const runtime = (name) => execFileSync('g++', [`-print-file-name=${name}`], { encoding: 'utf8' }).trim()
  return {
    ...process.env,
    MILLRACE_ADDON: addon,
    LD_PRELOAD: `${runtime('libasan.so')} ${runtime('libubsan.so')}`,
    ASAN_OPTIONS: `detect_leaks=1:log_path=${reports}/asan`,
    UBSAN_OPTIONS: 'print_stacktrace=1',
    LSAN_OPTIONS: `suppressions=${join(root, 'scripts/sanitize/lsan.supp')}:print_suppressions=0`,
  }
}

function run(args, env) {
  return spawnSync(process.execPath, args, { cwd: root, env, stdio: 'inherit' }).status === 0
}
