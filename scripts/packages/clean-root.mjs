/**
 * A clean Debian in a folder, made by debootstrap, and commands that run in it. Each command has a mount namespace of its own,
 * so no mount is left behind. Needs root. The mirror and the keys are those of this machine's apt.
 */
import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { output } from './checks.mjs'

const SETUP_MS = 600_000
const PACKAGES = 'ca-certificates,curl,procps'
/** The programs that make and enter the folder, and their packages. */
export const ROOT_PROGRAMS = { debootstrap: 'debootstrap', unshare: 'util-linux', chroot: 'coreutils' }
const ENTER =
  'mount -t proc proc "$1/proc" && mount --rbind /dev "$1/dev" && shift && exec chroot "$ROOT" "$@"'
/** How this machine reaches its registries. */
const COPIED = [
  '/etc/apt/apt.conf.d',
  '/etc/resolv.conf',
  '/etc/hosts',
  '/etc/ssl/certs/ca-certificates.crt',
  '/usr/etc/npmrc',
]
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Makes the folder from a copy that is kept for the checkout. @returns {Promise<CleanRoot>} */
export async function makeCleanRoot(checkout, folder) {
  if (process.getuid() !== 0) throw new Error('a clean root needs root')
  const kept = join(checkout, 'node_modules/.cache/millrace/debian')
  if (!existsSync(kept)) await bootstrap(kept)
  const path = join(folder, 'debian')
  await output('cp', ['-a', kept, path], { timeout: SETUP_MS })
  for (const each of COPIED)
    if (existsSync(each)) cpSync(each, join(path, each), { recursive: true, dereference: true })
  return new CleanRoot(path)
}

async function bootstrap(kept) {
  const { mirror, suite } = await aptSource()
  const unfinished = `${kept}-unfinished`
  rmSync(unfinished, { recursive: true, force: true })
  mkdirSync(dirname(kept), { recursive: true })
  const args = ['--variant=minbase', `--include=${PACKAGES}`, suite, unfinished, mirror]
  await output('debootstrap', args, { timeout: SETUP_MS, env: { ...process.env, PATH } })
  renameSync(unfinished, kept)
}

/** Where apt of this machine gets the packages of its own release from. */
async function aptSource() {
  const suite = /^VERSION_CODENAME=(\w+)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1]
  const targets = await output('apt-get', [
    'indextargets',
    '--format',
    '$(CODENAME) $(COMPONENT) $(REPO_URI)',
  ])
  const line = targets.split('\n').find((each) => each.startsWith(`${suite} main `))
  if (line === undefined)
    throw new Error(`apt has no source for ${suite}: is this Debian, and has apt-get update run?`)
  return { suite, mirror: line.split(' ')[2] }
}

export class CleanRoot {
  /** @param {string} path the folder */
  constructor(path) {
    this.path = path
  }

  /** Runs a command to its end. Returns its stdout. Throws what it printed if it failed. */
  run(...command) {
    const [program, args] = this.#entering(command)
    return output(program, args, { timeout: SETUP_MS, env: this.#env })
  }

  /** Runs a script of sh. */
  shell(script) {
    return this.run('sh', '-ec', script)
  }

  /** Starts a command that goes on. The caller ends it. */
  start(...command) {
    const [program, args] = this.#entering(command)
    return this.#spawn(program, args)
  }

  /** As `start`, but the command is process 1 of its own processes. It ends with the returned process. */
  startAsFirst(...command) {
    const [program, args] = this.#entering(command)
    return this.#spawn(program, ['--pid', '--fork', '--kill-child', ...args])
  }

  #spawn(program, args) {
    return spawn(program, args, { env: this.#env, stdio: ['ignore', 'pipe', 'pipe'] })
  }

  write(path, text) {
    mkdirSync(dirname(join(this.path, path)), { recursive: true })
    writeFileSync(join(this.path, path), text)
  }

  has(path) {
    return existsSync(join(this.path, path))
  }

  get #env() {
    const { NODE_EXTRA_CA_CERTS } = process.env
    const quiet = { LC_ALL: 'C.UTF-8', DEBIAN_FRONTEND: 'noninteractive' }
    return {
      PATH,
      ROOT: this.path,
      HOME: '/root',
      ...quiet,
      ...(NODE_EXTRA_CA_CERTS && { NODE_EXTRA_CA_CERTS }),
    }
  }

  #entering(command) {
    return [
      'unshare',
      ['--mount', '--propagation', 'private', 'sh', '-ec', ENTER, 'sh', this.path, ...command],
    ]
  }
}
