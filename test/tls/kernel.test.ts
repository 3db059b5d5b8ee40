/** TLS that ends at millrace or begins there, with the addon. */
import { describe } from 'vitest'
import { loadNative } from '../../src/io/kernel/native.js'
import { areMissing, cannotTest } from '../support/programs.js'
import { describeResumption } from './resumption.js'
import { describeOrigination } from './tls-origination.js'
import { describeTermination } from './tls-termination.js'

const loaded = loadNative()
const isMissing = loaded.native === undefined && cannotTest(`the kernel engine: ${loaded.missing}`)

describe.skipIf(isMissing || areMissing('openssl'))('TLS on the kernel engine', () => {
  describe('TLS of clients', () => describeTermination())
  describe('TLS sessions of clients', () => describeResumption())
  describe('TLS to backends', () => describeOrigination())
})
