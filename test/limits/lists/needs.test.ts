/** Which clusters the lines of a map may name. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { validateConfig } from '../../../src/config/validate.js'
import { clustersFor } from '../../../src/limits/lists/needs.js'
import { temporaryFolder } from '../../support/folder.js'

const folder = temporaryFolder()

function unfit(by: 'sni' | 'host', listener: object): Record<string, string | undefined> {
  const file = join(folder, 'tenants.txt')
  writeFileSync(file, '')
  const config = validateConfig({
    listeners: [{ name: 'web', address: '127.0.0.1:1', ...listener, routes: [{ map: { file, by } }] }],
    clusters: {
      shop: { backends: ['127.0.0.1:2'] },
      mail: { backends: ['127.0.0.1:2'], limits: { refuseAs: 'smtp' } },
      out: { dial: { server: 'host', allow: '*.example.com', ports: 80 } },
    },
  })
  return Object.fromEntries(clustersFor(file, config))
}

it('a map of a listener with HTTP cannot lead to a cluster with answers that no HTTP client can read', () => {
  expect(unfit('host', { protocol: 'http' })).toEqual({
    shop: undefined,
    mail: 'clients of the listener "web" speak HTTP first, and "refuseAs" of this cluster answers in "smtp": write another cluster, or another "refuseAs"',
    out: undefined,
  })
})

it('a map of a listener without HTTP cannot lead to a cluster that needs the host of a request', () => {
  expect(unfit('sni', {})).toEqual({
    shop: undefined,
    mail: undefined,
    out: expect.stringContaining(
      'clients of the listener "web" name no server for the "dial" of this cluster',
    ),
  })
})
