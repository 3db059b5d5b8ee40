/**
 * A copy of the checkout in a temporary folder. One mutant at a time is put into it, and tests run there. The
 * checkout itself stays untouched: packages are linked, and the addon of a mutant in C++ is built in the
 * copy.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { environmentForGyp } from '../setup/toolchain.mjs'
import { runLimited } from './limited.mjs'
import { mutate } from './list.mjs'

const NOT_COPIED = new Set(['.git', 'node_modules', 'prebuilds', 'build-sanitize'])
const ADDON = 'build/Release/millrace.node'
const BUILD_MS = 120_000
/**
 * A mutant's test that waits for something that never comes should fail soon. In the checkout the limit is 30
 * s.
 */
const TEST_MS = 10_000
/** Stories in the simulated world, if its tests are among those of the mutant. */
const SEEDS = '500'

export class Copy {
  #root
  #folder = mkdtempSync(join(tmpdir(), 'mutants-'))
  /** Takes the present mutant out again. */
  #undo = () => {}
  #addon

  constructor(root) {
    this.#root = root
    this.#addon = join(root, ADDON)
    const isCopied = (path) => !NOT_COPIED.has(path.slice(root.length + 1))
    cpSync(root, this.#folder, { recursive: true, preserveTimestamps: true, filter: isCopied })
    symlinkSync(join(root, 'node_modules'), join(this.#folder, 'node_modules'))
    mkdirSync(join(this.#folder, 'tmp'))
  }

  /**
   * Puts a mutant in. Returns its line, and what the compiler said if it refused it. `undo` is due before the
   * next mutant.
   */
  async apply(mutant) {
    const path = join(this.#folder, mutant.file)
    const original = readFileSync(path, 'utf8')
    const { text, line } = mutate(original, mutant)
    this.#undo = () => writeFileSync(path, original)
    writeFileSync(path, text)
    return { line, problem: mutant.file.startsWith('native/') ? await this.#build() : undefined }
  }

  undo() {
    this.#undo()
    this.#undo = () => {}
    this.#addon = join(this.#root, ADDON)
  }

  /** Runs these tests. Returns the result, and the first test that failed. */
  async test({ path, name }, ms) {
    const report = join(this.#folder, 'tmp/report.json')
    rmSync(report, { force: true })
    const args = ['node_modules/vitest/vitest.mjs', 'run', path, ...(name === undefined ? [] : ['-t', name])]
    const limits = [
      '--bail=1',
      `--testTimeout=${TEST_MS}`,
      `--hookTimeout=${TEST_MS}`,
      '--configLoader=runner',
    ]
    const output = ['--no-cache', '--reporter=json', `--outputFile.json=${report}`]
    const env = { TMPDIR: join(this.#folder, 'tmp'), MILLRACE_ADDON: this.#addon, MILLRACE_SEEDS: SEEDS }
    const run = await runLimited([...args, ...limits, ...output], { cwd: this.#folder, env, ms })
    return { ...run, ...readReport(report) }
  }

  remove() {
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** Compiles only what has changed. */
  async #build() {
    const args = ['node_modules/node-gyp/bin/node-gyp.js', 'build']
    const built = await runLimited(args, { cwd: this.#folder, env: environmentForGyp(), ms: BUILD_MS })
    this.#addon = join(this.#folder, ADDON)
    return built.isGood ? undefined : built.output
  }
}

function readReport(path) {
  if (!existsSync(path)) return { passed: 0, firstFailed: undefined }
  const { numPassedTests, testResults } = JSON.parse(readFileSync(path, 'utf8'))
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults)
  const broken = testResults.find(({ status, message }) => status === 'failed' && message !== '')
  return {
    passed: numPassedTests,
    firstFailed: tests.find(({ status }) => status === 'failed')?.fullName ?? broken?.message.split('\n')[0],
  }
}
