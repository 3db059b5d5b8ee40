/**
 * How one prebuilt binary is made, for glibc and musl at once. It has no libstdc++ in it and needs none: gcc
 * links it, and native/prebuilt/ has what is used of the C++ library. symbols.mjs checks what it needs.
 */
import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { filesBelow } from '../setup/stamp.mjs'

/** The architectures of the published package, with the compilers of Debian. */
export const ARCHITECTURES = [
  { arch: 'x64', compiler: 'x86_64-linux-gnu-gcc', package: 'g++-x86-64-linux-gnu' },
  { arch: 'arm64', compiler: 'aarch64-linux-gnu-gcc', package: 'g++-aarch64-linux-gnu' },
]

export const binaryFor = (arch) => `prebuilds/linux-${arch}/millrace.node`

/** The compiler for this architecture, and the package of Debian that has it. */
export function compilerFor({ arch, compiler, package: debian }) {
  return arch === process.arch ? { compiler: 'gcc', debian: 'g++' } : { compiler, debian }
}

/** -Os instead of -O2: the binary is 2.6 times smaller, and no call takes longer. The kernel does the work. */
const COMPILE = [
  ...['-fPIC', '-std=c++17', '-Os', '-Wall', '-Wextra', '-Wconversion', '-Werror'],
  ...['-fno-exceptions', '-fno-rtti', '-fvisibility=hidden', '-ffunction-sections', '-fdata-sections'],
  ...['-DNAPI_VERSION=9', '-DNODE_ADDON_API_DISABLE_CPP_EXCEPTIONS'],
  // Templates of the C++ library are instantiated here, instead of taken from libstdc++.
  '-D_GLIBCXX_EXTERN_TEMPLATE=0',
  // musl does not know the checked functions of glibc (__memcpy_chk and others), nor those that glibc's headers call instead of
  // inlining them where size matters (__cmsg_nxthdr).
  ...['-U_FORTIFY_SOURCE', '-U__OPTIMIZE_SIZE__'],
  ...['-include', 'native/prebuilt/glibc_versions.h'],
]

const LINK = [
  ...['-shared', '-static-libgcc', '-s', '-Wl,--as-needed,--gc-sections,--exclude-libs,ALL'],
  // Otherwise the operators new and delete of runtime.cc would be those of the whole process.
  '-Wl,--version-script=scripts/prebuilds/exports.map',
  '-Wl,-z,relro,-z,now',
]

/** Compiles and links the binary. Returns what the compiler said if it failed. */
export function compile(root, architecture, headers) {
  const output = binaryFor(architecture.arch)
  mkdirSync(join(root, dirname(output)), { recursive: true })
  const sources = filesBelow(root, 'native').filter((path) => path.endsWith('.cc'))
  const includes = ['-isystem', headers, '-isystem', 'node_modules/node-addon-api']
  const args = [...COMPILE, ...includes, ...sources, ...LINK, '-o', output]
  return new Promise((resolve) => {
    const child = spawn(compilerFor(architecture).compiler, args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text))
    child.on('error', (error) => resolve(error.message))
    child.on('close', (code) => resolve(code === 0 ? undefined : said))
  })
}
