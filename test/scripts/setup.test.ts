/**
 * What `npm start` and `npm test` do first: scripts/setup.mjs, also as the very first command in a clone.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Project } from './project.js'

const INSTALLING = 'installing packages (npm ci)'
const COMPILING = 'compiling the addon (node-gyp)'
const COMPILING_SOURCES = 'building dist (tsc)'
const MAKING_BUNDLE = 'making the bundle (esbuild)'
const BUILDING = [COMPILING_SOURCES, MAKING_BUNDLE]

const canCompile = process.platform === 'linux' && spawnSync('g++', ['--version']).status === 0
if (!canCompile) console.log('no g++ on Linux here: the tests that compile the addon are skipped')

let project: Project
beforeEach(() => {
  project = new Project()
})
afterEach(() => project.delete())

const withoutAddon = { MILLRACE_NATIVE: 'off' }

function changeLater(path: string, content: string): void {
  project.write(path, content)
  const soon = Date.now() / 1000 + 60
  utimesSync(join(project.root, path), soon, soon)
}

describe('setup in a fresh clone', () => {
  it.skipIf(!canCompile)('setup in a fresh clone installs, compiles and builds, a line each', async () => {
    expect(await project.setup()).toMatchObject({ code: 0, said: [INSTALLING, COMPILING, ...BUILDING] })
    expect(existsSync(join(project.root, 'build/Release/millrace.node'))).toBe(true)
    expect(execFileSync(join(project.root, 'bundle/cli.js'), { encoding: 'utf8' })).toBe('started\n')
  })

  it('setup shows the output of npm if npm fails', async () => {
    project.write('npm-fails', '')
    const outcome = await project.setup()
    expect(outcome).toMatchObject({ code: 1, said: [INSTALLING, 'npm ci failed'] })
    expect(outcome.stderr).toContain('npm error: no such package')
  })

  it('setup says which version of Node it needs if this one is too old', async () => {
    project.write('package.json', project.read('package.json').replace('>=20.19', '>=999.1'))
    const outcome = await project.setup()
    expect(outcome).toMatchObject({ code: 1, said: [`Node >=999.1 is needed, this is ${process.version}`] })
  })
})

describe('setup in a checkout that was set up', () => {
  beforeEach(async () => {
    expect((await project.setup(withoutAddon)).said).toEqual([INSTALLING, ...BUILDING])
  })

  it('setup in a checkout that was set up does nothing and prints nothing', async () => {
    expect(await project.setup(withoutAddon)).toEqual({ code: 0, said: [], stderr: '' })
    expect(readdirSync(join(project.root, 'tmp'))).toEqual([])
  })

  it('setup builds dist again after a source changed, without the outputs of removed sources', async () => {
    project.write('src/old.ts', 'export const old = 1\n')
    expect((await project.setup(withoutAddon)).said).toEqual(BUILDING)
    expect(existsSync(join(project.root, 'dist/old.js'))).toBe(true)
    project.remove('src/old.ts')
    expect((await project.setup(withoutAddon)).said).toEqual(BUILDING)
    expect(existsSync(join(project.root, 'dist/old.js'))).toBe(false)
  })

  it('setup builds dist again after it was deleted', async () => {
    project.remove('dist')
    expect((await project.setup(withoutAddon)).said).toEqual([COMPILING_SOURCES])
  })

  it('setup makes the bundle again after it was deleted', async () => {
    project.remove('bundle')
    expect((await project.setup(withoutAddon)).said).toEqual([MAKING_BUNDLE])
  })

  it('setup shows the type errors of a source, and builds once they are fixed', async () => {
    const good = project.read('src/cli.ts')
    project.write('src/cli.ts', 'export const wrong: number = "text"\n')
    const outcome = await project.setup(withoutAddon)
    expect(outcome).toMatchObject({ code: 1, said: [COMPILING_SOURCES, 'tsc found errors'] })
    expect(outcome.stderr).toContain('src/cli.ts')
    project.write('src/cli.ts', good)
    expect(await project.setup(withoutAddon)).toMatchObject({ code: 0, said: [COMPILING_SOURCES] })
  })

  it('setup installs again after the lock file changed, but not after it was only touched', async () => {
    changeLater('package-lock.json', '{}')
    expect((await project.setup(withoutAddon)).said).toEqual([])
    changeLater('package-lock.json', '{ "changed": true }')
    expect((await project.setup(withoutAddon)).said).toEqual([INSTALLING, ...BUILDING])
  })

  it('setup keeps packages that were installed by hand', async () => {
    project.remove('node_modules/.cache')
    expect((await project.setup(withoutAddon)).said).toEqual(BUILDING)
  })
})

describe('setup where the addon cannot be compiled', () => {
  it('setup goes on without a compiler, and says at each start in one line what to install', async () => {
    const bare = { PATH: project.barePath }
    const line = expect.stringMatching(
      /^going on without the kernel path: no C\+\+ compiler, .*apt-get install g\+\+/,
    )
    expect(await project.setup(bare)).toMatchObject({ code: 0, said: [INSTALLING, line, ...BUILDING] })
    expect(await project.setup(bare)).toMatchObject({ code: 0, said: [line] })
  })

  it.skipIf(!canCompile)('setup compiles the addon as soon as there is a compiler', async () => {
    await project.setup({ PATH: project.barePath })
    expect((await project.setup()).said).toEqual([COMPILING])
  })

  it.skipIf(!canCompile)('setup goes on if there are no headers of this version of Node', async () => {
    const env = { npm_config_nodedir: join(project.root, 'nothing') }
    const line = expect.stringContaining(`no headers of Node ${process.version} found`)
    expect(await project.setup(env)).toMatchObject({
      code: 0,
      said: [INSTALLING, COMPILING, line, ...BUILDING],
    })
    expect((await project.setup(env)).said).toEqual([expect.stringContaining('"npm run build" tries again')])
    expect((await project.setup()).said).toEqual([COMPILING])
  })

  it.skipIf(!canCompile)(
    'setup does not try again to compile with a header missing, but npm run build does',
    async () => {
      project.write('native/addon.cc', '#include <not_on_this_machine.h>\n')
      const refused = expect.stringMatching(
        /^going on without the kernel path: no header not_on_this_machine\.h/,
      )
      expect(await project.setup()).toMatchObject({
        code: 0,
        said: [INSTALLING, COMPILING, refused, ...BUILDING],
      })
      expect(await project.setup()).toMatchObject({
        code: 0,
        said: [expect.stringContaining('"npm run build"')],
      })
      expect((await project.start({}, 'build').done).said).toEqual([COMPILING, refused])
    },
  )
})

describe.skipIf(!canCompile)('setup where the addon was compiled', () => {
  it('setup compiles again after a C++ file changed, and after the binary was deleted', async () => {
    await project.setup()
    expect((await project.setup()).said).toEqual([])
    project.write('native/addon.cc', `${project.read('native/addon.cc')}\n`)
    expect((await project.setup()).said).toEqual([COMPILING])
    project.remove('build/Release/millrace.node')
    expect((await project.setup()).said).toEqual([COMPILING])
  })

  it('setup needs no compiler once the addon is compiled', async () => {
    await project.setup()
    expect(await project.setup({ PATH: project.barePath })).toMatchObject({ code: 0, said: [] })
  })

  it('setup removes the binary of older sources if there is no compiler any more', async () => {
    await project.setup()
    project.write('native/addon.cc', `${project.read('native/addon.cc')}\n`)
    expect((await project.setup({ PATH: project.barePath })).said).toEqual([
      expect.stringContaining('going on without the kernel path'),
    ])
    expect(existsSync(join(project.root, 'build/Release/millrace.node'))).toBe(false)
  })

  it("setup shows the compiler's output for wrong C++ at each start", async () => {
    project.write('native/addon.cc', 'int wrong = "text";\n')
    for (const steps of [[INSTALLING, COMPILING], [COMPILING]]) {
      const outcome = await project.setup()
      expect(outcome).toMatchObject({
        code: 1,
        said: [...steps, expect.stringContaining('does not compile')],
      })
      expect(outcome.stderr).toContain('int wrong = "text"')
    }
  })
})

describe('setup that is started twice at once', () => {
  it('of two setups at once, one does the work and the other waits for it', async () => {
    project.write('npm-waits', '')
    const first = project.start(withoutAddon)
    await first.hasSaid(INSTALLING)
    const second = project.start(withoutAddon)
    await second.hasSaid('waiting for another setup')
    project.remove('npm-waits')
    expect(await first.done).toMatchObject({ code: 0, said: [INSTALLING, ...BUILDING] })
    expect(await second.done).toMatchObject({ code: 0, said: [expect.stringContaining('waiting')] })
  })

  it('setup does not wait for another one that was killed', async () => {
    project.write('npm-waits', '')
    const killed = project.start(withoutAddon)
    await killed.hasSaid(INSTALLING)
    killed.killHard()
    project.remove('npm-waits')
    await killed.done
    expect(await project.setup(withoutAddon)).toMatchObject({ code: 0, said: [INSTALLING, ...BUILDING] })
    expect(readdirSync(join(project.root, 'tmp'))).toEqual([])
  })
})
