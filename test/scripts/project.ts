/**
 * A small project in a temporary folder with the real scripts. It has one C++ file, one TypeScript file, and an npm that
 * links the real packages instead of downloading them. It changes nothing in the checkout.
 */
import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url))

const ADDON = `#include <node_api.h>
NAPI_MODULE_INIT() { (void)env; return exports; }
`
const GYP = `{ 'targets': [{ 'target_name': 'millrace', 'sources': ['native/addon.cc'] }] }`
const CLI = `#!/usr/bin/env node
console.log('started')
`

/** An npm that installs by linking. It fails if `npm-fails` exists, and waits up to 20 s while `npm-waits` exists. */
const NPM = `#!${process.execPath}
const { existsSync, mkdirSync, rmSync, symlinkSync, copyFileSync } = require('node:fs')
if (existsSync('npm-fails')) { console.error('npm error: no such package'); process.exit(1) }
const end = Date.now() + 20000
while (existsSync('npm-waits') && Date.now() < end) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)
rmSync('node_modules', { recursive: true, force: true })
mkdirSync('node_modules/@types', { recursive: true })
for (const name of ['node-gyp', 'node-addon-api', 'typescript', '@types/node', 'esbuild'])
  symlinkSync(${JSON.stringify(join(CHECKOUT, 'node_modules'))} + '/' + name, 'node_modules/' + name)
copyFileSync('package-lock.json', 'node_modules/.package-lock.json')
`

export interface Outcome {
  readonly code: number | null
  /** The lines of setup itself. Each is a step or a remark. */
  readonly said: readonly string[]
  /** Everything on stderr. */
  readonly stderr: string
}

export interface Running {
  readonly done: Promise<Outcome>
  /** Resolves once setup has printed a line that contains the text. */
  hasSaid(text: string): Promise<void>
  /** Kills setup and the processes that it has started. */
  killHard(): void
}

export class Project {
  readonly root = mkdtempSync(join(tmpdir(), 'millrace-setup-test-'))
  /** The PATH of a machine that has only node and npm. */
  readonly barePath = join(this.root, 'bin')

  constructor() {
    for (const name of ['bin', 'tmp', 'src/faults', 'native'])
      mkdirSync(join(this.root, name), { recursive: true })
    cpSync(join(CHECKOUT, 'scripts/setup'), join(this.root, 'scripts/setup'), { recursive: true })
    for (const name of ['scripts/setup.mjs', 'scripts/build.mjs', 'tsconfig.json', 'package.json']) {
      cpSync(join(CHECKOUT, name), join(this.root, name))
    }
    symlinkSync(process.execPath, join(this.barePath, 'node'))
    writeFileSync(join(this.barePath, 'npm'), NPM, { mode: 0o755 })
    this.write('bin/package.json', '{ "type": "commonjs" }')
    this.write('package-lock.json', '{}')
    this.write('native/addon.cc', ADDON)
    this.write('binding.gyp', GYP)
    this.write('src/cli.ts', CLI)
    for (const entry of ['index', 'index-pipe', 'faults/faults'])
      this.write(`src/${entry}.ts`, 'export const name = "millrace"\n')
  }

  read(path: string): string {
    return readFileSync(join(this.root, path), 'utf8')
  }

  write(path: string, content: string): void {
    writeFileSync(join(this.root, path), content)
  }

  remove(path: string): void {
    rmSync(join(this.root, path), { recursive: true, force: true })
  }

  start(env: NodeJS.ProcessEnv = {}, script = 'setup'): Running {
    const child = spawn(process.execPath, [`scripts/${script}.mjs`], {
      cwd: this.root,
      // The child gets its own process group.
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { PATH: `${this.barePath}:${process.env.PATH}`, TMPDIR: join(this.root, 'tmp'), ...env },
    })
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    const outcome = (code: number | null): Outcome => {
      const said = stderr.split('\n').filter((line) => line.startsWith('setup: '))
      return { code, stderr, said: said.map((line) => line.slice('setup: '.length)) }
    }
    return {
      done: new Promise((resolve) => child.once('close', (code) => resolve(outcome(code)))),
      hasSaid: (text) =>
        new Promise((resolve) => {
          const look = () => stderr.includes(text) && resolve()
          child.stderr.on('data', look)
          look()
        }),
      killHard: () => process.kill(-(child.pid as number), 'SIGKILL'),
    }
  }

  setup(env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
    return this.start(env).done
  }

  delete(): void {
    rmSync(this.root, { recursive: true, force: true })
  }
}
