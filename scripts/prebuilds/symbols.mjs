/**
 * What a prebuilt binary may need of the process that loads it: libc in an old version, Node-API, and a few
 * functions of libuv. Anything else would keep it from loading with an older glibc, or with musl.
 */
import { execFileSync } from 'node:child_process'

/** The newest version of glibc that a binary may ask for. On arm64, glibc 2.17 was the first one. */
export const NEWEST_GLIBC = { x64: '2.14', arm64: '2.17' }

/**
 * Every Node from 20 on exports these, and they are the same in all of libuv 1. But Node-API does not promise
 * them. So each further one is a decision.
 */
const LIBUV = ['uv_close', 'uv_hrtime', 'uv_poll_init', 'uv_poll_start', 'uv_poll_stop', 'uv_ref', 'uv_unref']

/** Functions of glibc whose names begin with two underscores are its own, except these, which musl has too. */
const OF_EVERY_LIBC = ['__cxa_atexit', '__cxa_finalize', '__errno_location', '__stack_chk_fail']

/** Weak names that gcc puts into every library. The loader goes on without them. */
const OF_GCC = ['_ITM_deregisterTMCloneTable', '_ITM_registerTMCloneTable', '__gmon_start__']

/** What the binary needs and exports, from `readelf`, which reads binaries of every architecture. */
export function readBinary(path) {
  return parse(execFileSync('readelf', ['-W', '-d', '--dyn-syms', path], { encoding: 'utf8' }))
}

/** A line such as `3: 0000000000000000 0 FUNC GLOBAL DEFAULT UND free@GLIBC_2.2.5 (2)`. */
const SYMBOL =
  /^\s+\d+: [0-9a-f]+\s.* (?:GLOBAL|WEAK|UNIQUE) +(?:DEFAULT|PROTECTED)\s+(UND|ABS|\d+) ([^\s@]+)(?:@+([\w.]+))?/gm

/** Reads the output of `readelf -W -d --dyn-syms`. */
export function parse(text) {
  const libraries = [...text.matchAll(/\(NEEDED\)\s+Shared library: \[(.+)\]/g)].map((match) => match[1])
  const symbols = [...text.matchAll(SYMBOL)].map(([, section, name, version]) => ({ section, name, version }))
  const isImport = ({ section }) => section === 'UND'
  return {
    libraries,
    imports: symbols.filter(isImport).map(({ name, version }) => ({ name, version })),
    exports: symbols.filter((symbol) => !isImport(symbol)).map(({ name }) => name),
  }
}

/** One sentence for each thing that the binary may not need or lacks. Empty if there is none. */
export function faultsOf({ libraries, imports, exports }, arch) {
  const faults = libraries
    .filter((name) => name !== 'libc.so.6')
    .map((name) => `it needs the library ${name}`)
  for (const symbol of imports) faults.push(...faultsOfImport(symbol, arch))
  if (!exports.includes('napi_register_module_v1')) faults.push('it does not export napi_register_module_v1')
  for (const name of exports) {
    if (!/^(napi|node_api)_/.test(name)) faults.push(`it exports ${name} to the whole process`)
  }
  return faults
}

function faultsOfImport({ name, version }, arch) {
  if (version?.startsWith('GLIBC_')) {
    if (name.startsWith('__') && !OF_EVERY_LIBC.includes(name))
      return [`${name} is only in glibc, not in musl`]
    const most = NEWEST_GLIBC[arch]
    if (!isNewer(version.slice('GLIBC_'.length), most)) return []
    return [`${name} is of ${version}, but glibc ${most} has to do: see native/prebuilt/`]
  }
  if (/^(napi|node_api)_/.test(name) || LIBUV.includes(name) || OF_GCC.includes(name)) return []
  if (name.startsWith('uv_')) return [`${name} is not among the functions of libuv that the addon may use`]
  if (/^(_ZN?K?S|_Zn|_Zd|__cxa|__gxx)/.test(name)) {
    return [`${name} is of libstdc++, which it may not need: see native/prebuilt/`]
  }
  return [`${name} is neither of libc, nor of Node-API, nor of libuv`]
}

/** Whether version a is newer than version b. */
function isNewer(a, b) {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number))
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0)
    if (difference !== 0) return difference > 0
  }
  return false
}
