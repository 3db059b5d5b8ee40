/** The file of --pid-file. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { removePidFile, writePidFile } from '../../src/upgrade/pid-file.js'
import { temporaryFolder } from '../support/folder.js'

const folder = temporaryFolder()
const path = join(folder, 'millrace.pid')

it('only the process that the file names removes it', () => {
  writePidFile(path, 1234)
  writePidFile(path, 5678)
  removePidFile(path, 1234)
  expect(readFileSync(path, 'utf8')).toBe('5678\n')
  expect(readdirSync(folder)).toEqual(['millrace.pid'])
  removePidFile(path, 5678)
  expect(existsSync(path)).toBe(false)
  removePidFile(path, 5678)
})

it('a file that cannot be written is named with the reason', () => {
  expect(() => writePidFile('/proc/nowhere/a')).toThrow('cannot write --pid-file "/proc/nowhere/a": ENOENT')
})
