/** TLS that ends or begins here, with the addon. */
import { describe } from 'vitest'
import { loadNative } from '../../src/io/kernel/native.js'
import { areMissing, cannotTest } from '../support/programs.js'
import { describeResumption } from './resumption.js'
import { describeOrigination } from './tls-origination.js'
import { describeTermination } from './tls-termination.js'

const loaded = loadNative()
const isMissing = loaded.native === undefined && cannotTest(`the kernel engine: ${loaded.missing}`)

describe.skipIf(isMissing || areMissing('openssl'))('on the kernel engine', () => {
  describe('ends here', () => describeTermination())
  describe('is resumed here', () => describeResumption())
  describe('begins here', () => describeOrigination())
})
