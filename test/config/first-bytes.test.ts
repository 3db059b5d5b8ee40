/** docs/first-bytes.md: every example is a valid config. */
import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { selfSigned } from '../support/certificate.js'
import { temporaryFolder } from '../support/folder.js'
import { areMissing } from '../support/programs.js'
import { load } from './config-file.js'

const text = readFileSync(new URL('../../docs/first-bytes.md', import.meta.url), 'utf8')
const examples = [...text.matchAll(/```yaml\n(.*?)```/gs)].map(([, yaml = '']) => yaml)

/** Adds the listeners or clusters that the example leaves out. */
const complete = (yaml: string): string =>
  [
    yaml,
    yaml.includes('listeners:') ? '' : 'listeners: [{ address: "127.0.0.1:1", cluster: web }]\n',
    yaml.includes('clusters:') ? '' : 'clusters: { web: { backends: ["127.0.0.1:2"] } }\n',
  ].join('')

describe.skipIf(areMissing('openssl'))('docs/first-bytes.md', () => {
  const folder = temporaryFolder()
  let pair: { cert: string; key: string }

  beforeAll(async () => {
    pair = await selfSigned(folder)
  })

  it('docs/first-bytes.md has seven examples, one of each feature', () => {
    expect(examples).toHaveLength(7)
  })

  it.each(examples.map((yaml, index) => [index + 1, yaml]))(
    'docs/first-bytes.md has a valid config as example %i',
    (_, yaml) => {
      const own = String(yaml).replaceAll(/\/etc\/tls\/[\w.-]+\.(pem|key)/g, (_path, kind) =>
        kind === 'key' ? pair.key : pair.cert,
      )
      expect(load(complete(own)).listeners.length).toBeGreaterThan(0)
    },
  )
})
