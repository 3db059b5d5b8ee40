/** TLS that ends or begins here, without the addon. The engine is chosen when the first proxy is made. */
import { describe } from 'vitest'
import { areMissing } from '../support/programs.js'
import { describeResumption } from './resumption.js'
import { describeOrigination } from './tls-origination.js'
import { describeTermination } from './tls-termination.js'

process.env.MILLRACE_NATIVE = 'off'

describe.skipIf(areMissing('openssl'))('on the stream engine', () => {
  describe('ends here', () => describeTermination())
  describe('is resumed here', () => describeResumption())
  describe('begins here', () => describeOrigination())
})
