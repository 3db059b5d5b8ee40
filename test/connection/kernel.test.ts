/** Everything that a client's first bytes decide, with the addon. */
import { describe } from 'vitest'
import { loadNative } from '../../src/io/kernel/native.js'
import { cannotTest } from '../support/programs.js'
import { describeOpenings } from './suite.js'

const loaded = loadNative()
const isMissing = loaded.native === undefined && cannotTest(`the kernel engine: ${loaded.missing}`)

describe.skipIf(isMissing)('first bytes on the kernel engine', () => describeOpenings())
