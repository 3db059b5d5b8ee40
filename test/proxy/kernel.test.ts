/** The tests of a proxy, with the addon. */
import { describe } from 'vitest'
import { loadNative } from '../../src/io/kernel/native.js'
import { cannotTest } from '../support/programs.js'
import { describeProxy } from './suite.js'

const loaded = loadNative()
const isMissing = loaded.native === undefined && cannotTest(`the kernel engine: ${loaded.missing}`)

describe.skipIf(isMissing)('a proxy on the kernel engine', () => describeProxy('kernel'))
