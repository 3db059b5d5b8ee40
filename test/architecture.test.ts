/**
 * The rules of ARCHITECTURE.md that are easy to break without noticing: which room may import which, which files may use
 * Node-API, splice(2), platforms and signals, and what is published. The tests read files and run no code of millrace.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { VERSION } from '../src/version.js'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** These may import everything below them, from top to bottom. All names in neither list are rooms. */
const ABOVE_THE_ROOMS = [
  'cli',
  'command',
  'upgrade',
  'workers',
  'index',
  'index-pipe',
  'trial',
  'proxy',
  'admission',
  'connection',
]
const BELOW_THE_ROOMS = [
  'errors',
  'address',
  'address-set',
  'prefix-tree',
  'source',
  'ip',
  'names',
  'package-root',
  'request-path',
  'pem',
  'key-pair',
  'version',
  'status',
  'defaults',
  'figures',
  'words',
  'escape',
  'nearest',
  'abort',
  'arguments',
  'public-address',
  'signals',
  'watched-files',
]
/** The only rooms that may import another room. */
const ROOM_USES: Record<string, readonly string[]> = {
  pipe: ['io'],
  cluster: ['io', 'limits', 'via'],
  admin: ['io', 'config', 'control'],
  config: ['io', 'limits', 'proxy-protocol'],
  control: ['config'],
  limits: ['io'],
  observe: ['io'],
  peek: ['postgres', 'proxy-protocol'],
  refusals: ['peek', 'websocket'],
  service: ['io'],
  probes: ['io', 'postgres', 'proxy-protocol', 'tls', 'websocket'],
  via: ['io', 'websocket'],
  servers: ['cluster', 'dns', 'pipe', 'websocket'],
  words: ['figures'],
  arguments: ['errors', 'escape', 'nearest'],
  'public-address': ['address', 'arguments'],
  'key-pair': ['figures', 'words'],
  'address-set': ['address', 'ip', 'prefix-tree'],
  source: ['address', 'ip'],
}
/** Rooms from which a room may not even import a type. No file may import a type from above it. */
const NO_TYPES_OF: Record<string, readonly string[]> = {
  config: ['control', 'admin'],
  control: ['admin'],
}

const LONGEST_FILE_LINES = 300
/** A test file may be longer, because one thing may need many tests. */
const LONGEST_TEST_LINES = 400

interface Import {
  readonly from: string
  readonly to: string
}

function filesBelow(folder: string, pattern: RegExp): string[] {
  if (!existsSync(join(ROOT, folder))) return []
  return readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && pattern.test(entry.name))
    .map((entry) => posix.join(entry.parentPath.slice(ROOT.length).replaceAll('\\', '/'), entry.name))
    .sort()
}

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\/|(^|\s)\/\/.*/g, '$1')

const sources = filesBelow('src', /\.ts$/)
const cxxFiles = filesBelow('native', /\.(cc|h)$/)

/** The files among `paths` whose code, without comments, matches the pattern although it may not. */
function offenders(paths: readonly string[], pattern: RegExp, mayMatch: RegExp): string[] {
  return paths.filter((path) => !mayMatch.test(path) && pattern.test(withoutComments(read(path))))
}

/** Imports at run time. `import type` is none. */
const AT_RUN_TIME =
  /(?:^|\n)\s*(?:import|export)\s+(?!type\b)(?:[^'"]*?\sfrom\s+)?['"](\.[^'"]+)['"]|\bimport\(\s*['"](\.[^'"]+)['"]/g
const OF_TYPES_TOO =
  /(?:^|\n)\s*(?:import|export)\s+(?:[^'"]*?\sfrom\s+)?['"](\.[^'"]+)['"]|\bimport\(\s*['"](\.[^'"]+)['"]/g

/** Imports between files of src/. */
function importsOf(path: string, statement: RegExp): Import[] {
  return [...withoutComments(read(path)).matchAll(statement)].map((match) => ({
    from: path,
    to: posix.join(dirname(path), match[1] ?? match[2] ?? '').replace(/\.js$/, '.ts'),
  }))
}

/** `src/pipe/pipe.ts` belongs to `pipe`, `src/errors.ts` to `errors`. */
const unitOf = (path: string): string => path.split('/')[1]?.replace(/\.ts$/, '') ?? ''

function mayImport(from: string, to: string): boolean {
  if (from === to) return true
  if (ROOM_USES[from]?.includes(to)) return true
  if (BELOW_THE_ROOMS.includes(from)) return false
  if (BELOW_THE_ROOMS.includes(to)) return true
  const level = ABOVE_THE_ROOMS.indexOf(from)
  if (level !== -1) return !ABOVE_THE_ROOMS.slice(0, level).includes(to)
  return false
}

function mayImportTypes(from: string, to: string): boolean {
  const [level, above] = [ABOVE_THE_ROOMS.indexOf(from), ABOVE_THE_ROOMS.indexOf(to)]
  const isUpwards = above !== -1 && (level === -1 || above < level)
  return !isUpwards && !NO_TYPES_OF[from]?.includes(to)
}

/** Files that import themselves through others. */
function filesInCircles(imports: readonly Import[]): string[] {
  const importsFrom = new Map(sources.map((path) => [path, imports.filter(({ from }) => from === path)]))
  const isInCircle = (path: string): boolean => {
    const reached = new Set([path])
    for (const file of reached) {
      for (const { to } of importsFrom.get(file) ?? []) {
        if (to === path) return true
        reached.add(to)
      }
    }
    return false
  }
  return sources.filter(isInCircle)
}

describe('src/', () => {
  const imports = sources.flatMap((path) => importsOf(path, OF_TYPES_TOO))

  it('rooms of src/ import each other only where ARCHITECTURE.md says so', () => {
    const atRunTime = sources.flatMap((path) => importsOf(path, AT_RUN_TIME))
    expect(atRunTime.length).toBeGreaterThan(20)
    expect(atRunTime.filter(({ from, to }) => !mayImport(unitOf(from), unitOf(to)))).toEqual([])
  })

  it('no file of src/ imports from above it, and config imports nothing of operators, not even a type', () => {
    expect(imports.length).toBeGreaterThan(sources.length)
    expect(imports.filter(({ from, to }) => !mayImportTypes(unitOf(from), unitOf(to)))).toEqual([])
  })

  it('src/ has no circle of imports, not even of types', () => {
    expect(filesInCircles(imports)).toEqual([])
  })

  it('in src/pipe only the folder fd, choose-direction.ts and join.ts know fds', () => {
    const knowsFds = /io\/(fd-|kernel-loop|native(-constants)?\.js)/
    // choose-direction.ts chooses by the kind of socket, and join.ts takes sockets over from Node.
    const may = /^src\/(?!pipe\/)|^src\/pipe\/(fd\/|(choose-direction|join)\.ts$)/
    expect(offenders(sources, knowsFds, may)).toEqual([])
  })

  it('supervisors and the catalogue import nothing that serves clients', () => {
    const serves = /proxy\/(running-proxy|clusters|generations\/(generation|reloader))\.js/
    const supervisors = sources.filter((path) => path.startsWith('src/workers/'))
    expect(offenders(supervisors, serves, /^src\/workers\/worker\.ts$/)).toEqual([])
    const catalogue = ['src/proxy/catalogue/catalogue.ts']
    for (const file of catalogue) {
      const further = importsOf(file, AT_RUN_TIME).map(({ to }) => to)
      catalogue.push(...further.filter((to) => !catalogue.includes(to)))
    }
    expect(catalogue.filter((path) => !/^src\/(address|proxy\/catalogue\/[\w-]+)\.ts$/.test(path))).toEqual(
      [],
    )
  })

  it('every file directly in src/ has a place in the lists of this test', () => {
    const beside = sources.filter((path) => path.split('/').length === 2).map(unitOf)
    expect(beside.filter((unit) => ![...ABOVE_THE_ROOMS, ...BELOW_THE_ROOMS].includes(unit))).toEqual([])
  })

  it('the folders of src/cluster import nothing from each other and from the cluster, not even types', () => {
    const parts = ['balance', 'health', 'names', 'egress', 'queue'].map((part) => `src/cluster/${part}`)
    const imports = parts.flatMap((part) =>
      filesBelow(part, /\.ts$/).flatMap((path) =>
        [...withoutComments(read(path)).matchAll(/['"](\.[^'"]+)['"]/g)].map((match) => ({
          from: path,
          to: posix.join(dirname(path), match[1] ?? ''),
        })),
      ),
    )
    expect(imports.length).toBeGreaterThan(5)
    const partOf = (path: string) => dirname(path).split('/')[2]
    expect(
      imports.filter(({ from, to }) => to.startsWith('src/cluster/') && partOf(from) !== partOf(to)),
    ).toEqual([])
  })

  it('only one file of src/ loads the addon', () => {
    expect(offenders(sources, /millrace\.node|dlopen/, /^src\/io\/kernel\/native\.ts$/)).toEqual([])
  })

  it('only one file of src/ names platforms', () => {
    // `not-linux` is a value of the status. It does not ask for the platform.
    const names = /process\.platform|(?<!not-)\blinux\b|\bdarwin\b|\bwin32\b|\/proc\b/i
    expect(offenders(sources, names, /^src\/io\/kernel\/native\.ts$/)).toEqual([])
  })

  it('only files of src/ that run processes name signals', () => {
    expect(
      offenders(
        sources,
        /['"`]SIG[A-Z0-9]+['"`]/,
        /^src\/(signals\.ts$|command\/(demonstrate\.ts|serve\.ts|top\/screen\.ts)$|upgrade\/(?:predecessor-channel|successor-process)\.ts$|workers\/)/,
      ),
    ).toEqual([])
  })
})

describe('native/', () => {
  it('only native/bindings includes Node-API', () => {
    expect(
      offenders(cxxFiles, /#include\s*[<"](napi|node_api|js_native_api|node)\.h[>"]/, /^native\/bindings\//),
    ).toEqual([])
  })

  it('only two files of native/ call splice and pipe', () => {
    const calls = /\b(splice|vmsplice|tee|pipe2?)\s*\(/
    expect(offenders(cxxFiles, calls, /^native\/(transfer|kernel_pipe)\.(cc|h)$/)).toEqual([])
  })

  it('native/ contains no word about proxies', () => {
    const words =
      /\b(client|backend|upstream|downstream|frontend|prox(y|ies)|cluster|route|session|worker)s?\b/i
    expect(cxxFiles.filter((path) => words.test(read(path)))).toEqual([])
  })
})

it('no file is longer than 300 lines, and no test file longer than 400', () => {
  const files = ['src', 'native', 'scripts', 'test', 'examples', 'page'].flatMap((folder) =>
    filesBelow(folder, /\.(ts|mjs|cc|h)$/),
  )
  const longest = (path: string) => (path.startsWith('test/') ? LONGEST_TEST_LINES : LONGEST_FILE_LINES)
  const lengths = files.map((path) => ({ path, lines: read(path).trimEnd().split('\n').length }))
  expect(lengths.filter(({ path, lines }) => lines > longest(path))).toEqual([])
})

describe('ARCHITECTURE.md', () => {
  it('ARCHITECTURE.md names only files and folders that exist', () => {
    const paths = [...read('ARCHITECTURE.md').matchAll(/`([^`\n]+)`/g)]
      .map((match) => match[1] ?? '')
      .filter(isPath)
    expect(paths.length).toBeGreaterThan(10)
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
  })
})

/** Whether the text is a path from the root of the checkout, and not one that only a build creates. */
function isPath(text: string): boolean {
  return (
    /^(\.ci|native|src|test|scripts|docs|examples|page)(\/[\w.-]+)*\/?$/.test(text) ||
    /^[\w.-]+\.(md|json|gyp|txt|ts)$/.test(text)
  )
}

it('the version in src/version.ts is that of package.json', () => {
  expect(VERSION).toBe(JSON.parse(read('package.json')).version)
})

describe('the published package', () => {
  let published: string[]
  beforeAll(() => {
    // On Windows npm is a .cmd script, which only a shell can start.
    const shell = process.platform === 'win32'
    const answer = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: ROOT,
      encoding: 'utf8',
      shell,
    })
    const [tarball] = JSON.parse(answer) as [{ files: { path: string }[] }]
    published = tarball.files.map((file) => file.path)
  })

  it('the published package has everything it needs to run, and every prebuilt binary', () => {
    const needed = [
      'package.json',
      'README.md',
      'LICENSE',
      'bundle/cli.js',
      'bundle/index.js',
      'bundle/index-pipe.js',
      'bundle/faults.js',
      'bundle/LICENSES.txt',
      'dist/index.d.ts',
      'dist/index-pipe.d.ts',
      'dist/faults/faults.d.ts',
      'dist/escape.js',
      'dist/figures.js',
      'dist/words.js',
      'page/index.html',
      'docs/README.md',
      'docs/recipes/README.md',
      'docs/grafana-dashboard.json',
      'docs/prometheus-alerts.yaml',
    ]
    expect(
      [...needed, ...filesBelow('prebuilds', /\.node$/)].filter((path) => !published.includes(path)),
    ).toEqual([])
  })

  it('the published package has nothing to build or test it: with binding.gyp npm would run node-gyp', () => {
    const allowed =
      /^(bundle\/([\w-]+\.js|LICENSES\.txt)|dist\/[\w/-]+\.d\.ts|dist\/(escape|figures|words)\.js|page\/[\w-]+\.(html|css|js|svg)|prebuilds\/.+\.node|docs\/(recipes\/)?[\w-]+\.md|docs\/(grafana-dashboard\.json|prometheus-alerts\.yaml)|examples\/[\w.-]+\.(mjs|ts|yaml)|packaging\/systemd\/[\w.-]+|package\.json|LICENSE|\w+\.md)$/
    expect(published.filter((path) => !allowed.test(path))).toEqual([])
  })
})
