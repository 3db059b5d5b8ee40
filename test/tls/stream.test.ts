/** TLS that ends at millrace or begins there, without the addon. The engine is chosen when the first proxy is made. */
import { describe } from 'vitest'
import { areMissing } from '../support/programs.js'
import { describeResumption } from './resumption.js'
import { describeOrigination } from './tls-origination.js'
import { describeTermination } from './tls-termination.js'

process.env.MILLRACE_NATIVE = 'off'

describe.skipIf(areMissing('openssl'))('TLS on the stream engine', () => {
  describe('TLS of clients', () => describeTermination())
  describe('TLS sessions of clients', () => describeResumption())
  describe('TLS to backends', () => describeOrigination())
})
