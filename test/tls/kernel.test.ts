/** TLS that ends here, with the addon. */
import { describe } from 'vitest'
import { loadNative } from '../../src/io/native.js'
import { areMissing, cannotTest } from '../support/programs.js'
import { describeTermination } from './suite.js'

const loaded = loadNative()
const isMissing = loaded.native === undefined && cannotTest(`the kernel engine: ${loaded.missing}`)

describe.skipIf(isMissing || areMissing('openssl'))('on the kernel engine', () => describeTermination())
