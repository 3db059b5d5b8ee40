/**
 * What a machine needs to compile the addon: a compiler, make and python on PATH, and the headers of the
 * running Node. It only looks, and quickly, because it runs at every start on a machine that lacks one of
 * them.
 */
import { accessSync, constants, readFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'

/**
 * For each tool: its name, the variable that can name another one, and the programs that are found without
 * it.
 */
const TOOLS = [
  { name: 'C++ compiler', variable: 'CXX', programs: ['g++'] },
  { name: 'make', variable: 'MAKE', programs: ['make'] },
  { name: 'python', variable: 'PYTHON', programs: ['python3', 'python'] },
]

export const HOW_TO_INSTALL = 'on Debian and Ubuntu: apt-get install g++ make python3'

/** The names of tools that are missing. */
export function missingTools(env = process.env) {
  return TOOLS.filter((tool) => findTool(tool, env) === undefined).map((tool) => tool.name)
}

/** What a failed attempt depended on. When it changes, another attempt may succeed. */
export function toolchainFacts(env = process.env) {
  return [...TOOLS.map((tool) => findTool(tool, env) ?? ''), env.npm_config_nodedir ?? localHeaders() ?? '']
}

/**
 * The environment for node-gyp and cmake-js. Headers that came with this Node are used instead of downloading
 * the same files.
 */
export function environmentForGyp(env = process.env) {
  const prefix = env.npm_config_nodedir ?? localHeaders()
  return prefix === undefined ? env : { ...env, npm_config_nodedir: prefix }
}

/** The folder with node_api.h and uv.h of this Node. Undefined if only node-gyp can get them. */
export function headersOfNode(env = process.env) {
  const prefix = env.npm_config_nodedir ?? localHeaders()
  return prefix === undefined ? undefined : join(prefix, 'include/node')
}

/** The folder above include/node, if its headers are of the running version. */
function localHeaders() {
  const prefix = dirname(dirname(process.execPath))
  try {
    const header = readFileSync(join(prefix, 'include/node/node_version.h'), 'utf8')
    const part = (name) => new RegExp(`#define NODE_${name}_VERSION (\\d+)`).exec(header)?.[1]
    const version = ['MAJOR', 'MINOR', 'PATCH'].map(part).join('.')
    return version === process.versions.node ? prefix : undefined
  } catch {
    return undefined
  }
}

function findTool({ variable, programs }, env) {
  // A variable may hold a command with arguments, as in CXX="ccache g++".
  const wanted = env[variable] ? [env[variable].split(' ')[0]] : programs
  for (const program of wanted) {
    for (const folder of (env.PATH ?? '').split(delimiter)) {
      const path = program.includes('/') ? program : join(folder, program)
      if (isExecutable(path)) return path
    }
  }
  return undefined
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
