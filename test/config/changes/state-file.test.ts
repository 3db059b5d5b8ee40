/** The file that keeps changes over a restart: what is written is read again, and nothing that is in it stops a start. */
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { expect, it } from 'vitest'
import type { Change } from '../../../src/config/changes/change.js'
import { ChangingConfig } from '../../../src/config/changes/changing-config.js'
import { StateFile, stateProblem } from '../../../src/config/changes/state-file.js'
import { validateConfig } from '../../../src/config/validate.js'
import { temporaryFolder } from '../../support/folder.js'

const folder = temporaryFolder()
const FILE = {
  listeners: [{ name: 'web', address: '127.0.0.1:80', cluster: 'app' }],
  clusters: { app: { backends: ['10.0.0.1:80'] } },
}
const CHANGE: Change = { do: 'add-backend', cluster: 'app', spec: '10.0.0.2:80' }
let count = 0

const newPath = (): string => join(folder, `state-${++count}`)

function start(path: string, input: object = FILE): ChangingConfig {
  const base = { input, config: validateConfig(input) }
  return new ChangingConfig(
    base,
    { read: () => base, finish: (config) => config },
    { state: new StateFile(path) },
  )
}

it('a restart goes on with the changes of the state file, and its owner alone can read it', () => {
  const path = newPath()
  const first = start(path)
  first.change([CHANGE]).taken!()
  expect(start(path).config).toEqual(first.config)
  expect(start(path).list).toEqual([CHANGE])
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(existsSync(`${path}.new`)).toBe(false)
})

it('a change that is not taken up is not in the state file', () => {
  const path = newPath()
  const first = start(path)
  first.change([CHANGE]).givenUp!()
  expect(existsSync(path)).toBe(false)
  expect(existsSync(`${path}.new`)).toBe(false)
})

it('a change that the config file has at the start leaves the state file', () => {
  const path = newPath()
  start(path).change([CHANGE]).taken!()
  const next = start(path, { ...FILE, clusters: { app: { backends: ['10.0.0.1:80', '10.0.0.2:80'] } } })
  expect(next.list).toEqual([])
  next.save()
  expect(new StateFile(path).changes).toEqual([])
})

it.each([
  ['', 'it is not JSON'],
  ['{"version":1,"changes":[{', 'it is not JSON'],
  ['{"version":2,"changes":[]}', 'it is damaged, or of another version'],
  ['{"version":1,"changes":[{"do":"add-moon"}]}', 'it is damaged'],
  ['null', 'it is damaged'],
])('a state file with %j is told and put aside, and the start goes on without changes', (text, why) => {
  const path = newPath()
  writeFileSync(path, text)
  expect(stateProblem(path)).toContain(why)
  const config = start(path)
  expect(config.list).toEqual([])
  expect(config.stateProblem).toContain(why)
  expect(readFileSync(`${path}.broken`, 'utf8')).toBe(text)
  config.change([CHANGE]).taken!()
  expect(start(path).list).toEqual([CHANGE])
})

it('a folder in place of the state file is told and stays, and changes are refused until it is removed', () => {
  const path = newPath()
  mkdirSync(path)
  const config = start(path)
  expect(config.stateProblem).toContain('it is not a regular file. millrace starts without the changes in it')
  expect(() => config.change([CHANGE])).toThrow('it could not be used at the start: the change is refused')
  expect(config.list).toEqual([])
  expect(readdirSync(folder).filter((name) => name.startsWith(basename(path)))).toEqual([basename(path)])
  rmdirSync(path)
  config.change([CHANGE]).taken!()
  expect(start(path).list).toEqual([CHANGE])
})

it('a damaged state file that cannot be put aside is not replaced', () => {
  const path = newPath()
  writeFileSync(path, 'damaged')
  mkdirSync(`${path}.broken`)
  expect(() => start(path).change([CHANGE])).toThrow('it could not be used at the start')
  expect(readFileSync(path, 'utf8')).toBe('damaged')
})

it('a change holds until a restart if the state file cannot be replaced any more', () => {
  const path = newPath()
  const config = start(path)
  const told: unknown[] = []
  config.onUnsaved = (error) => told.push(error)
  const candidate = config.change([CHANGE])
  mkdirSync(path)
  candidate.taken!()
  expect(String(told[0])).toContain('the change holds until a restart')
})

it('a symbolic link in place of the new state file is removed, and what it leads to stays', () => {
  const path = newPath()
  writeFileSync(`${path}.other`, 'other')
  symlinkSync(`${path}.other`, `${path}.new`)
  start(path).change([CHANGE]).taken!()
  expect(readFileSync(`${path}.other`, 'utf8')).toBe('other')
  expect(start(path).list).toEqual([CHANGE])
  expect(lstatSync(path).isFile()).toBe(true)
})

it('a change is refused if the state file cannot be written', () => {
  const config = start(join(folder, 'nowhere', 'state'))
  expect(() => config.change([CHANGE])).toThrow(/cannot write the state file .*ENOENT: the change is refused/)
  expect(config.list).toEqual([])
  expect(stateProblem(join(folder, 'nowhere', 'state'))).toContain('cannot write into its folder: ENOENT')
})

it.skipIf(process.getuid?.() === 0)('a state file that cannot be read is told, and stays', () => {
  const path = newPath()
  start(path).change([CHANGE]).taken!()
  chmodSync(path, 0)
  expect(stateProblem(path)).toContain('EACCES')
  expect(() => start(path).change([CHANGE])).toThrow('it could not be used at the start')
  chmodSync(path, 0o600)
  expect(start(path).list).toEqual([CHANGE])
})
