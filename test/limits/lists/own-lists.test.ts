/** Lists that a process reads from files: when they are read again, what stays if that fails, and what is reported. */
import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { RouteConfig } from '../../../src/config/schemas/listener-schema.js'
import { validateConfig } from '../../../src/config/validate.js'
import { formatProblem, MillraceError } from '../../../src/errors.js'
import { ConfigLists } from '../../../src/limits/lists/config-lists.js'
import { fileOfMap } from '../../../src/limits/lists/needs.js'
import { OwnLists } from '../../../src/limits/lists/own-lists.js'
import { temporaryFolder } from '../../support/folder.js'

const LOOKED_AT_WITHIN_MS = 2000
const SETTLED_WITHIN_MS = 500
const folder = temporaryFolder()

/** A config with one map for each of these files. */
function configWith(files: readonly string[], clusters = ['shop', 'apps']) {
  return validateConfig({
    listeners: [
      {
        address: '127.0.0.1:0',
        routes: files.map((file) => ({ map: { file, by: 'sni' } })),
      },
    ],
    clusters: Object.fromEntries(clusters.map((name) => [name, { backends: ['127.0.0.1:1'] }])),
  })
}

/** Lists in use, and what they report. */
class Rig {
  readonly events: string[] = []
  readonly lists: ConfigLists
  readonly own: OwnLists
  readonly #files: readonly string[]
  readonly #waiting = new Set<() => void>()

  constructor(files: readonly string[]) {
    this.#files = files
    this.lists = new ConfigLists(configWith(files))
    this.own = new OwnLists({
      loaded: ({ file, loaded }, isAgain) =>
        this.#happened(`${isAgain ? 'again ' : ''}${this.#nameOf(file.path)}: ${loaded.entries}`),
      failed: ({ path }, problems) =>
        this.#happened(
          `failed ${problems.map((each) => formatProblem(each).replaceAll(dirname(path), '')).join(' | ')}`,
        ),
    })
  }

  static async start(...files: string[]): Promise<Rig> {
    const rig = new Rig(files)
    await rig.own.load(rig.lists)
    rig.own.takeUp(rig.lists)
    return rig
  }

  find(name: string, file = this.#files[0]!): string | undefined {
    const map: RouteConfig['map'] = { file, by: 'sni' }
    return this.lists.get(fileOfMap(map)).content.find(name)?.cluster
  }

  /** Resolves when so many events have been reported in all. */
  async reported(count: number): Promise<string[]> {
    while (this.events.length < count) {
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve)
      })
    }
    return this.events
  }

  /** The time in which a change is noticed passes. */
  pass(): void {
    vi.advanceTimersByTime(LOOKED_AT_WITHIN_MS + SETTLED_WITHIN_MS)
  }

  #nameOf(path: string): string {
    return path.slice(folder.length + 1)
  }

  #happened(event: string): void {
    this.events.push(event)
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
  }
}

const fileWith = (name: string, text: string): string => {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}

/** As editors do it. */
function replace(file: string, text: string): void {
  writeFileSync(`${file}.new`, text)
  renameSync(`${file}.new`, file)
}

async function problemsOf(...files: string[]): Promise<string[]> {
  const rig = new Rig(files)
  const error: unknown = await rig.own.load(rig.lists).catch((error: unknown) => error)
  expect(error).toBeInstanceOf(MillraceError)
  expect((error as MillraceError).code).toBe('config-invalid')
  return (error as MillraceError).problems.map((each) => formatProblem(each).replaceAll(`${folder}/`, ''))
}

describe('lists of files', () => {
  let rig: Rig | undefined
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  })
  afterEach(() => {
    rig?.own.stop()
    rig = undefined
    vi.useRealTimers()
  })

  it('a list is swapped whole when its file is replaced, and the log says so', async () => {
    const file = fileWith('replaced', 'a.test shop\n')
    rig = await Rig.start(file)
    expect(rig.find('a.test')).toBe('shop')
    replace(file, 'b.test apps\nc.test apps\n')
    rig.pass()
    expect(await rig.reported(2)).toEqual(['replaced: 1', 'again replaced: 2'])
    expect([rig.find('a.test'), rig.find('b.test')]).toEqual([undefined, 'apps'])
    expect(rig.own.status()).toMatchObject([{ kind: 'names', file, entries: 2, isFailing: false }])
  })

  it('a changed file with bad lines leaves the old list, and is reported once, with each bad line', async () => {
    const file = fileWith('broken', 'a.test shop\n')
    rig = await Rig.start(file)
    writeFileSync(file, 'a.test nowhere\nb.test shop\nb_\n')
    rig.pass()
    await rig.reported(2)
    rig.pass()
    rig.pass()
    expect(rig.events.slice(1)).toEqual([
      'failed /broken:1:8 there is no cluster "nowhere": write the name of a cluster of the config, or "reject" | ' +
        '/broken:3:3 the cluster is missing: write the name, a space, and the name of a cluster',
    ])
    expect(rig.find('a.test')).toBe('shop')
    expect(rig.own.status()).toMatchObject([{ entries: 1, isFailing: true, error: /broken:1:8 there is no/ }])
    writeFileSync(file, 'b.test shop\n')
    rig.pass()
    await rig.reported(3)
    expect(rig.own.status()).toMatchObject([{ entries: 1, isFailing: false, error: undefined }])
    expect([rig.find('a.test'), rig.find('b.test')]).toEqual([undefined, 'shop'])
  })

  it('a file that goes away leaves the old list, and comes back', async () => {
    const file = fileWith('gone', 'a.test shop\n')
    rig = await Rig.start(file)
    rmSync(file)
    rig.pass()
    expect((await rig.reported(2))[1]).toMatch(/^failed \/gone cannot read the file: ENOENT\. Write/)
    expect(rig.find('a.test')).toBe('shop')
    writeFileSync(file, 'a.test apps\n')
    rig.pass()
    await rig.reported(3)
    expect(rig.find('a.test')).toBe('apps')
  })

  it('a link that points elsewhere is a change, as Kubernetes updates the files of a ConfigMap', async () => {
    const volume = join(folder, 'volume')
    for (const [version, cluster] of [
      ['..1', 'shop'],
      ['..2', 'apps'],
    ] as const) {
      mkdirSync(join(volume, version), { recursive: true })
      writeFileSync(join(volume, version, 'tenants'), `a.test ${cluster}\n`)
    }
    symlinkSync('..1', join(volume, '..data'))
    symlinkSync('..data/tenants', join(volume, 'tenants'))
    rig = await Rig.start(join(volume, 'tenants'))
    symlinkSync('..2', join(volume, '..data_tmp'))
    renameSync(join(volume, '..data_tmp'), join(volume, '..data'))
    rig.pass()
    await rig.reported(2)
    expect(rig.find('a.test')).toBe('apps')
  })

  it('a file that is written in pieces is read when it has not changed for half a second', async () => {
    const file = fileWith('pieces', 'a.test shop\n')
    rig = await Rig.start(file)
    truncateSync(file)
    vi.advanceTimersByTime(LOOKED_AT_WITHIN_MS)
    for (let piece = 0; piece < 5; piece++) {
      appendFileSync(file, `${piece}.test apps\n`)
      vi.advanceTimersByTime(SETTLED_WITHIN_MS)
    }
    expect(rig.find('a.test')).toBe('shop')
    rig.pass()
    expect(await rig.reported(2)).toEqual(['pieces: 1', 'again pieces: 5'])
  })

  it('a file that never rests is read after some seconds, as when a program adds a line for each attack', async () => {
    const file = fileWith('restless', 'a.test shop\n')
    rig = await Rig.start(file)
    for (let piece = 0; piece < 20; piece++) {
      appendFileSync(file, `${piece}.test apps\n`)
      vi.advanceTimersByTime(SETTLED_WITHIN_MS)
    }
    await rig.reported(2)
    expect(rig.find('0.test')).toBe('apps')
  })

  it('a file that changes after it was read and before its list is used is read again', async () => {
    const file = fileWith('between', 'a.test shop\n')
    rig = new Rig([file])
    await rig.own.load(rig.lists)
    replace(file, 'a.test apps\n')
    rig.own.takeUp(rig.lists)
    expect(await rig.reported(2)).toEqual(['between: 1', 'again between: 1'])
    expect(rig.find('a.test')).toBe('apps')
  })

  it('lists of the config before do not follow their files any more', async () => {
    const [before, after] = [fileWith('before', 'a.test shop\n'), fileWith('after', 'a.test shop\n')]
    rig = await Rig.start(before)
    const next = new ConfigLists(configWith([after]))
    await rig.own.load(next)
    rig.own.takeUp(next)
    replace(before, 'a.test apps\n')
    replace(after, 'b.test apps\nc.test apps\n')
    rig.pass()
    expect((await rig.reported(3)).slice(1)).toEqual(['after: 1', 'again after: 2'])
    expect(rig.find('a.test', before)).toBe('shop')
  })

  it('the bad lines of all files of a config are one error', async () => {
    const [one, two] = [fileWith('one', 'a.test\n'), fileWith('two', '\n127.0.0.1 shop\n')]
    expect(await problemsOf(one, two)).toEqual([
      'one:1:7 the cluster is missing: write the name, a space, and the name of a cluster',
      'two:2:1 "127.0.0.1": clients send no IP address as a server name: write a host name',
    ])
  })

  it('a file that is too large, or no regular file, is not read', async () => {
    const large = fileWith('large', '')
    truncateSync(large, 16 * 1024 ** 2 + 1)
    const pipe = fileWith('pipe', '')
    const rigOfPipe = new Rig([large, pipe])
    rmSync(pipe)
    execFileSync('mkfifo', [pipe])
    const error: unknown = await rigOfPipe.own.load(rigOfPipe.lists).catch((error: unknown) => error)
    expect((error as MillraceError).problems.map(({ message }) => message)).toEqual([
      expect.stringMatching(
        /^cannot read the file: it has 16777217 bytes, more than the limit of 16777216 \(16 MiB\)/,
      ),
      expect.stringMatching(/^cannot read the file: it is not a regular file\. Write/),
    ])
  })
})
