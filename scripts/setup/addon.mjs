/**
 * Step 2: the addon, compiled by node-gyp. It needs splice(2), and the user must not have switched it off. A
 * machine that cannot compile gets one line about it and goes on without the kernel path. C++ that does not
 * compile is an error.
 */
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fail, runQuietly, say } from './command.mjs'
import { digest, filesBelow, readStamp, writeStamp } from './stamp.mjs'
import { environmentForGyp, HOW_TO_INSTALL, missingTools, toolchainFacts } from './toolchain.mjs'

/** node-gyp may download headers. A network that drops packets must not make the first start hang. */
const CONFIGURE_MS = 120_000
const WHERE_HEADERS = 'npm_config_nodedir=PREFIX says where'
/** The header is in angle brackets, so it is not ours: a package of the system's headers is missing. */
const MISSING_HEADER = /fatal error: (\S+): No such file or directory\n.*#include </

const binaryOf = (root) => join(root, 'build/Release/millrace.node')
const builtStampOf = (root) => join(root, 'build/millrace.built')
const refusedStampOf = (root) => join(root, 'build/millrace.refused')

/** A digest of what the addon is made from. */
function keyOf(root) {
  const files = [...filesBelow(root, 'native'), 'binding.gyp', 'node_modules/node-addon-api/package.json']
  return digest(root, files, [process.version, process.arch])
}

/** A digest of what made this machine refuse. After a change of any of it, another try may succeed. */
const refusalOf = (root) => digest(root, [], [keyOf(root), ...toolchainFacts()])

export const addon = {
  isStale(root) {
    if (process.platform !== 'linux' || process.env.MILLRACE_NATIVE === 'off') return false
    return !existsSync(binaryOf(root)) || readStamp(builtStampOf(root)) !== keyOf(root)
  },

  /** `retry`: also try if this machine could not do it before. */
  run(root, { retry }) {
    // Whatever happens below, a binary of other sources must not be loaded.
    rmSync(binaryOf(root), { force: true })
    const missing = missingTools()
    if (missing.length > 0) return goOnWithout(`no ${missing.join(', no ')} found`, HOW_TO_INSTALL)
    if (!retry && readStamp(refusedStampOf(root)) === refusalOf(root)) {
      return goOnWithout('the addon could not be compiled here', '"npm run build" tries again')
    }
    compile(root)
  },
}

function compile(root) {
  say('compiling the addon (node-gyp)')
  const key = keyOf(root)
  rmSync(builtStampOf(root), { force: true })
  const { succeeded } = runGyp(root, ['clean', 'configure'], { timeout: CONFIGURE_MS })
  if (!succeeded) return refuse(root, `no headers of Node ${process.version} found`, WHERE_HEADERS)
  const built = runGyp(root, ['build', '--jobs', 'max'])
  if (!built.succeeded) return explain(root, built.output)
  writeStamp(builtStampOf(root), key)
}

function explain(root, output) {
  const header = MISSING_HEADER.exec(output)?.[1]
  if (header !== undefined) return refuse(root, `no header ${header}`, HOW_TO_INSTALL)
  fail('the addon does not compile; MILLRACE_NATIVE=off goes on without the kernel path', output)
}

function refuse(root, reason, remedy) {
  writeStamp(refusedStampOf(root), refusalOf(root))
  goOnWithout(reason, `${remedy}; then "npm run build"`)
}

function goOnWithout(reason, remedy) {
  say(`going on without the kernel path: ${reason} (${remedy})`)
}

function runGyp(root, args, options = {}) {
  const gyp = join(root, 'node_modules/node-gyp/bin/node-gyp.js')
  return runQuietly(process.execPath, [gyp, ...args], { cwd: root, env: environmentForGyp(), ...options })
}
