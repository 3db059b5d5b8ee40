/** The config file of a test, and the result of loading it. */
import { randomUUID } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { loadConfigFile } from '../../src/config/load.js'
import type { Config } from '../../src/config/schema.js'
import { MillraceError } from '../../src/errors.js'

/** It is only there while it is loaded. */
const file = join(tmpdir(), `millrace-config-${randomUUID()}.yaml`)

export function load(content: string | Uint8Array, environment: Record<string, string> = {}): Config {
  writeFileSync(file, content)
  try {
    return loadConfigFile(file, environment)
  } finally {
    rmSync(file)
  }
}

export function failureOf(run: () => unknown): MillraceError {
  try {
    run()
  } catch (error) {
    if (error instanceof MillraceError) return error
    throw error
  }
  throw new Error('expected a MillraceError')
}

/** Every problem of the config that this validates, as `path: message`. None: it is good. */
export function problemsIn(validate: () => unknown): string[] {
  try {
    validate()
    return []
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error
    return error.problems.map(({ path, message }) => `${path}: ${message}`)
  }
}

/** Every problem as `line:col path: message`. */
export function problemsOf(content: string | Uint8Array, environment: Record<string, string> = {}): string[] {
  const { code, problems } = failureOf(() => load(content, environment))
  expect(code).toBe('config-invalid')
  for (const problem of problems) {
    expect(problem.file).toBe(file)
    expect(problem.line).toBeGreaterThan(0)
    expect(problem.column).toBeGreaterThan(0)
  }
  return problems.map(
    ({ line, column, path, message }) => `${line}:${column} ${path === '' ? '' : `${path}: `}${message}`,
  )
}

export const good = `
splice: on
listeners:
  - name: postgres
    address: 0.0.0.0:5432
    cluster: pg
clusters:
  pg:
    backends:
      - 10.0.0.5:5432
      - { address: "10.0.0.6:5432", weight: 2 }
timeouts: { idleMs: 10m }
`
