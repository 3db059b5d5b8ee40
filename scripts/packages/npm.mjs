/** The npm package: what `npm pack` makes, installed with `npm install` as its users do. */
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LICENSES } from '../setup/bundle.mjs'
import { namesIn } from '../setup/licenses.mjs'
import { output } from './checks.mjs'
import { loadWithMusl } from './musl.mjs'
import { bunProgram, denoProgram, NODES, nodeProgram } from './nodes.mjs'
import { makeSbom } from './sbom.mjs'
import { serveOnce } from './smoke.mjs'
import { COMPILERS, compileWith } from './types.mjs'

const PUBLINT = 'publint@0.3.25'
const ATTW = '@arethetypeswrong/cli@0.18.5'
/** The version of Node that is emulated on the other architecture. */
const EMULATED = NODES[0]
/** From Debian's cross compiler: the C and C++ library of the other architecture. */
const ARM64_LIBRARIES = '/usr/aarch64-linux-gnu'

/** Returns the checks. The first two make what the others use. */
export function npmChecks(root, folder) {
  let tarball
  const installed = join(folder, 'node_modules/millrace')
  const cli = join(installed, 'bundle/cli.js')
  const env = { XDG_RUNTIME_DIR: folder }
  const serve = (program, args, engine) =>
    serveOnce({ command: [program, ...args, cli], engine, cwd: folder, env })
  return [
    {
      name: 'npm pack makes the binaries and the tarball',
      isNeeded: true,
      run: async () => {
        const args = ['pack', '--json', '--pack-destination', folder]
        const [packed] = JSON.parse(await output('npm', args, { cwd: root }))
        tarball = join(folder, packed.filename)
        return `${packed.files.length} files, ${kib(packed.size)} packed, ${kib(packed.unpackedSize)} unpacked`
      },
    },
    {
      name: 'npm install needs no compiler and runs no script',
      isNeeded: true,
      run: async () => {
        writeFileSync(join(folder, 'package.json'), '{ "name": "user", "private": true, "type": "module" }')
        await output('npm', ['install', tarball, '--no-audit', '--no-fund'], { cwd: folder })
        const sizes = ['x64', 'arm64'].map((arch) => `${arch} ${kib(statSync(binary(installed, arch)).size)}`)
        return `the addon: ${sizes.join(', ')}`
      },
    },
    {
      name: 'the SBOM lists every package that is installed or in the bundle',
      run: async () => {
        const { components } = JSON.parse(await makeSbom(root, folder))
        const listed = components.map(({ name }) => name)
        const bundled = namesIn(readFileSync(join(root, LICENSES), 'utf8'))
        const missing = [...installedPackages(folder), ...bundled].filter((name) => !listed.includes(name))
        if (missing.length > 0) throw new Error(`the SBOM lacks ${missing.join(', ')}`)
        return `${listed.length} packages beside millrace`
      },
    },
    {
      name: 'publint finds no fault in the package',
      run: () => tool(PUBLINT, 'publint', [tarball, '--strict'], folder),
    },
    {
      name: 'the types are found by every kind of import (attw)',
      run: () => tool(ATTW, 'attw', [tarball, '--profile', 'esm-only'], folder),
    },
    ...COMPILERS.map((version) => ({
      name: `TypeScript ${version} accepts every type of the library`,
      run: () => compileWith(version, folder),
    })),
    {
      name: 'the addon loads with musl',
      programs: { 'musl-gcc': 'musl-tools' },
      run: () => loadWithMusl(binary(installed, process.arch), folder),
    },
    ...NODES.map((version) => ({
      name: `the command serves with Node ${version}`,
      run: async () => serve(await nodeProgram(root, version, process.arch), [], 'kernel'),
    })),
    {
      name: `the command serves with Node ${EMULATED} for arm64`,
      programs: { 'qemu-aarch64': 'qemu-user', 'aarch64-linux-gnu-gcc': 'g++-aarch64-linux-gnu' },
      run: async () => {
        const node = await nodeProgram(root, EMULATED, 'arm64')
        return await serve('qemu-aarch64', ['-L', ARM64_LIBRARIES, node], 'kernel')
      },
    },
    {
      name: 'the command serves with Bun, on the stream engine',
      run: async () => serve(await bunProgram(root), ['run'], 'stream'),
    },
    {
      name: 'the command serves with Deno, on the stream engine',
      run: async () => serve(await denoProgram(root), ['run', '--allow-all', '--no-lock'], 'stream'),
    },
  ]
}

const binary = (installed, arch) => join(installed, `prebuilds/linux-${arch}/millrace.node`)

/** The names of what npm has installed beside millrace. */
function installedPackages(folder) {
  const lock = JSON.parse(readFileSync(join(folder, 'node_modules/.package-lock.json'), 'utf8'))
  const names = Object.keys(lock.packages).map((path) => path.split('node_modules/').at(-1))
  return names.filter((name) => name !== 'millrace')
}

const kib = (bytes) => `${Math.round(bytes / 1024)} KiB`

/** Runs a tool that only this check uses, so it is no dependency of the checkout. */
async function tool(spec, program, args, cwd) {
  await output('npm', ['exec', '--yes', '--ignore-scripts', `--package=${spec}`, '--', program, ...args], {
    cwd,
  })
}
