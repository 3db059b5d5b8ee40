/** The bench's command line and its list of loads. */
import { describe, expect, it } from 'vitest'
import { benchPart } from './bench-part.js'

const { readOptions } = await benchPart('options')
const { LOADS } = await benchPart('loads')
const { listContenders, takesPart } = await benchPart('contenders')
const { groupIntoSessions } = await benchPart('runner')

interface Load {
  name: string
  family: string
  congestion: string
}

const namesOf = (...args: string[]): string[] => readOptions(args).loads.map(({ name }: Load) => name)

describe('the loads of the bench', () => {
  it('each load of the bench has its own name', () => {
    const names = LOADS.map(({ name }: Load) => name)
    expect(new Set(names).size).toBe(names.length)
  })

  it('the bulk loads of the bench run under both congestion controls', () => {
    for (const family of ['bulk', 'iperf', 'answers', 'library']) {
      const controls = LOADS.filter((load: Load) => load.family === family).map(
        (load: Load) => load.congestion,
      )
      expect(new Set(controls)).toEqual(new Set(['cubic', 'bbr']))
    }
  })

  it('the bench groups only loads of the same family and congestion control into one session', () => {
    for (const [first, ...rest] of groupIntoSessions(LOADS))
      for (const load of rest)
        expect([load.family, load.congestion]).toEqual([first.family, first.congestion])
  })
})

it('the bench compares connects with limits and without, with one worker and with several', () => {
  const [connect] = readOptions(['--only', 'connect', '--congestion', 'cubic']).loads
  const names = listContenders({})
    .filter((contender: object) => takesPart(contender, connect))
    .map(({ name }: Load) => name)
  const compared = ['millrace', 'millrace-limits', 'millrace-workers', 'millrace-workers-limits']
  expect(names).toEqual(expect.arrayContaining(compared))
})

describe('--only', () => {
  it('--only chooses loads by family and by the beginning of a name', () => {
    expect(namesOf('--only', 'redis')).toEqual(['redis-pipeline-1-cubic', 'redis-pipeline-16-cubic'])
    expect(namesOf('--only', 'bulk-8-down', 'idle')).toEqual([
      'bulk-8-down-cubic',
      'bulk-8-down-bbr',
      'idle-cubic',
    ])
  })

  it('--congestion narrows --only to one congestion control', () => {
    expect(namesOf('--only', 'iperf-1-up', '--congestion', 'bbr')).toEqual(['iperf-1-up-bbr'])
  })

  it('--only refuses a name with which no load begins', () => {
    expect(() => namesOf('--only', 'bluk')).toThrow('no load is called "bluk"')
  })
})

describe('the command line of the bench', () => {
  it('the bench measures everything in six rounds by default, and keeps the results', () => {
    expect(readOptions([])).toMatchObject({ rounds: 6, isStored: true, writesReadme: false })
    expect(namesOf()).toHaveLength(LOADS.length)
    expect(readOptions(['--rounds', '9'])).toMatchObject({ rounds: 9 })
  })

  it('the bench does not keep the results of a short run or of chosen contenders', () => {
    expect(readOptions(['--quick'])).toMatchObject({ rounds: 3, isStored: false })
    expect(readOptions(['--contenders', 'millrace,nginx'])).toMatchObject({ isStored: false })
    expect(readOptions(['--smoke'])).toMatchObject({ rounds: 1, isStored: false })
  })

  it('the bench measures nothing with --write-readme', () => {
    expect(namesOf('--write-readme')).toEqual([])
  })

  it.each(['picks', 'pacing', 'limits', 'start'])('--%s of the bench measures nothing else', (name) => {
    expect(readOptions([`--${name}`])).toMatchObject({ [name]: true })
    expect(() => readOptions([`--${name}`, '--quick'])).toThrow(`--${name} takes no other option`)
  })

  it('--also adds any rival to the bench', () => {
    const command = 'sozu --from {listen_host}:{listen_port} --to {backend_host}:{backend_port}'
    const { also, isChosen } = readOptions(['--quick', '--also', `sozu=${command}`])
    expect(also).toEqual([{ name: 'sozu', words: command.split(' ') }])
    expect(isChosen({ name: 'sozu' })).toBe(true)
    expect(isChosen({ name: 'millrace-on' })).toBe(false)
  })

  it.each([
    [['--also', 'realm'], 'NAME=COMMAND'],
    [['--also', 'realm=realm {listen_port}'], '{backend_port}'],
    [['--rounds', '0'], '--rounds'],
    [['--rounds', 'many'], '--rounds'],
    [['--congestion', 'vegas'], '--congestion'],
    [['bulk'], '"bulk" is not an option'],
    [['--fast'], '--fast'],
  ])('the bench refuses the arguments %j', (args, message) => {
    expect(() => readOptions(args)).toThrow(message)
  })
})
