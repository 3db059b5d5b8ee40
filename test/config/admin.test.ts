/** The key `admin`: what it accepts, and what the errors say to write instead. */
import { describe, expect, it } from 'vitest'
import type { AdminInput } from '../../src/config/schemas/admin-schema.js'
import { validateConfig } from '../../src/config/validate.js'
import { failureOf } from './config-file.js'

const TOKEN = 'a-token-of-the-tests-0123456789'

const adminOf = (admin: AdminInput | undefined) =>
  validateConfig({
    listeners: [{ address: '127.0.0.1:0', cluster: 'back' }],
    clusters: { back: { backends: ['127.0.0.1:1'] } },
    admin,
  }).admin

const problemsOf = (admin: AdminInput): string[] =>
  failureOf(() => adminOf(admin)).problems.map(({ path, message }) => `${path}: ${message}`)

describe('admin.hosts', () => {
  it.each(['proxy', 'proxy.example.com', 'Proxy.Example', 'under_score.internal', '10.0.0.9', 'fd00::9'])(
    'admin.hosts accepts %s',
    (name) => {
      expect(adminOf({ address: '127.0.0.1:1', token: TOKEN, hosts: [name] })).toMatchObject([
        { hosts: [name] },
      ])
    },
  )

  it.each([
    ['proxy.example:9901', 'write "proxy.example", without scheme, port and path'],
    ['https://proxy.example', 'write "proxy.example"'],
    ['https://proxy.example/admin', 'write "proxy.example"'],
    ['', 'such as proxy.example.com'],
    ['*.example', 'such as proxy.example.com'],
    ['a b', 'such as proxy.example.com'],
    ['bücher.example', 'write "xn--bcher-kva.example"'],
  ])('admin.hosts refuses %j and says what to write', (name, hint) => {
    const problems = problemsOf({ address: '127.0.0.1:1', token: TOKEN, hosts: [name] })
    expect(problems).toEqual([expect.stringContaining(hint)])
    expect(problems[0]).toMatch(/^admin\.hosts\[0\]: /)
  })
})

describe('admin', () => {
  const observe = { address: '0.0.0.0:9902', role: 'observe' } as const

  it('admin takes one address, one map, or a list of both', () => {
    const here = { role: 'operate', address: { kind: 'unix', path: '/a.sock' } }
    expect(adminOf('unix:/a.sock')).toMatchObject([here])
    expect(adminOf({ address: 'unix:/a.sock' })).toMatchObject([here])
    const there = { role: 'observe', address: { host: '0.0.0.0', port: 9902 }, readOnly: true }
    expect(adminOf(['unix:/a.sock', observe])).toMatchObject([here, there])
  })

  it('admin: false is an empty list, and without admin whoever runs the process decides', () => {
    expect(adminOf(false)).toEqual([])
    expect(adminOf(undefined)).toBeUndefined()
  })

  it.each<[string, AdminInput, string[]]>([
    [
      'an empty list',
      [],
      ['admin: expected false, or an address or a map: { address, token }, found an empty list'],
    ],
    [
      'another role',
      [{ address: 'unix:/a.sock', role: 'observer' as never }],
      ['admin[0].role: expected one of "operate", "observe", found "observer"; did you mean "observe"?'],
    ],
    [
      'a port of the network without a role',
      ['0.0.0.0:9902'],
      [expect.stringMatching(/^admin\[0\]: .*With role: observe/)],
    ],
    [
      'hosts of observers',
      { ...observe, hosts: ['a'] },
      ['admin.hosts: the role observe answers under every name: remove this key'],
    ],
    [
      'readOnly of observers',
      { ...observe, readOnly: true },
      ['admin.readOnly: the role observe changes nothing: remove this key'],
    ],
    [
      'the same address twice',
      [observe, 'unix:/a.sock', observe],
      ['admin[2].address: 0.0.0.0:9902 is already used at admin[0].address: write another address'],
    ],
  ])('admin refuses %s', (_, admin, problems) => {
    expect(problemsOf(admin)).toEqual(problems)
  })
})
