/** The key `admin.hosts`: what it accepts, and what the errors say to write instead. */
import { describe, expect, it } from 'vitest'
import type { AdminInput } from '../../src/config/schemas/admin-schema.js'
import { validateConfig } from '../../src/config/validate.js'
import { failureOf } from './config-file.js'

const TOKEN = 'a-token-of-the-tests-0123456789'

const adminOf = (admin: AdminInput) =>
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
      expect(adminOf({ address: '127.0.0.1:1', token: TOKEN, hosts: [name] })).toMatchObject({
        hosts: [name],
      })
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
