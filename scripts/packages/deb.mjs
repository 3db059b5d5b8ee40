/**
 * The package of Debian, in short: it is built and looked at, and its program serves. `deb-root.mjs` installs it, which takes
 * minutes.
 */
import { mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { makePrebuilds } from '../prebuilds/make.mjs'
import { output } from './checks.mjs'
import { buildDeb } from './deb/build.mjs'
import { HOME } from './deb/program.mjs'
import { serveOnce } from './smoke.mjs'

/** The programs that build it, and their packages. */
export const BUILDERS = {
  'dpkg-deb': 'dpkg',
  'x86_64-linux-gnu-strip': 'binutils',
  'aarch64-linux-gnu-g++': 'g++-aarch64-linux-gnu',
}
const MIB = 1024 * 1024

/** All that is in the package, folders left out. */
const EXPECTED = [
  /^\/opt\/millrace\/(LICENSE\.node|node|package\.json)$/,
  /^\/opt\/millrace\/(bundle|dist|page|node_modules)\/./,
  /^\/opt\/millrace\/prebuilds\/linux-x64\//,
  /^\/etc\/millrace\/millrace\.yaml$/,
  /^\/usr\/bin\/millrace$/,
  /^\/usr\/lib\/systemd\/system\/millrace\.service$/,
  /^\/usr\/lib\/sysusers\.d\/millrace\.conf$/,
  /^\/usr\/share\/doc\/millrace\/./,
  /^\/usr\/share\/man\/man1\/millrace\.1\.gz$/,
  /^\/usr\/share\/bash-completion\/completions\/millrace$/,
  /^\/usr\/share\/zsh\/vendor-completions\/_millrace$/,
  /^\/usr\/share\/fish\/vendor_completions\.d\/millrace\.fish$/,
  /^\/usr\/share\/lintian\/overrides\/millrace$/,
]

/** Returns the checks. They run in order, and the first two make what the others use. */
export function debChecks(root, folder) {
  let deb
  const tree = join(folder, 'unpacked')
  return [
    {
      name: 'dpkg-deb builds the package',
      programs: BUILDERS,
      run: async () => {
        await makePrebuilds(root)
        deb = await buildDeb({ root, folder: keptIn(root), arch: 'x64' })
        return `${(statSync(deb).size / MIB).toFixed(1)} MiB, installed ${await installedMib(deb)} MiB`
      },
    },
    {
      name: 'the package has what it should have, and nothing else',
      run: async () => {
        await output('dpkg-deb', ['-x', deb, tree])
        await expectContents(deb)
        const conffiles = await output('dpkg-deb', ['--info', deb, 'conffiles'])
        if (conffiles !== '/etc/millrace/millrace.yaml\n') throw new Error(`conffiles: ${conffiles}`)
      },
    },
    {
      name: 'lintian finds no fault in the package',
      programs: { lintian: 'lintian' },
      run: () => expectSilence('lintian', ['--allow-root', '--fail-on', 'error,warning', deb]),
    },
    {
      name: 'mandoc finds no fault in the man page',
      programs: { mandoc: 'mandoc' },
      run: () =>
        expectSilence('mandoc', [
          '-T',
          'lint',
          '-W',
          'warning',
          join(tree, 'usr/share/man/man1/millrace.1.gz'),
        ]),
    },
    ...COMPLETIONS.map(([shell, path]) => ({
      name: `${shell} reads the completions`,
      programs: { [shell]: shell },
      run: () => expectSilence(shell, ['-n', join(tree, path)]),
    })),
    {
      name: 'the command serves with the Node of the package',
      run: () => {
        const home = join(tree, HOME)
        const command = [join(home, 'node'), join(home, 'bundle/cli.js')]
        return serveOnce({ command, engine: 'kernel', cwd: folder, env: { XDG_RUNTIME_DIR: folder } })
      },
    },
  ]
}

const COMPLETIONS = [
  ['bash', 'usr/share/bash-completion/completions/millrace'],
  ['zsh', 'usr/share/zsh/vendor-completions/_millrace'],
  ['fish', 'usr/share/fish/vendor_completions.d/millrace.fish'],
]

/** Where packages stay after the checks. */
export function keptIn(root) {
  const folder = join(root, 'packages')
  mkdirSync(folder, { recursive: true })
  return folder
}

async function installedMib(deb) {
  return (Number(await output('dpkg-deb', ['--field', deb, 'Installed-Size'])) / 1024).toFixed(1)
}

async function expectContents(deb) {
  const lines = (await output('dpkg-deb', ['--contents', deb])).trimEnd().split('\n')
  const others = lines.filter((line) => line.split(/\s+/)[1] !== 'root/root')
  if (others.length > 0) throw new Error(`not of root:\n${others.join('\n')}`)
  const paths = lines.map((line) => line.split(/\s+/)[5].slice(1)).filter((path) => !path.endsWith('/'))
  const unexpected = paths.filter((path) => !EXPECTED.some((pattern) => pattern.test(path)))
  const missing = EXPECTED.filter((pattern) => !paths.some((path) => pattern.test(path)))
  if (unexpected.length + missing.length > 0)
    throw new Error(`unexpected: ${unexpected.join(' ')}\nmissing: ${missing.join(' ')}`)
}

async function expectSilence(program, args) {
  const told = await output(program, args)
  if (told.trim() !== '') throw new Error(told)
}
