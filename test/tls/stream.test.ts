/** TLS that ends here, without the addon. The engine is chosen when the first proxy is made. */
import { describe } from 'vitest'
import { areMissing } from '../support/programs.js'
import { describeTermination } from './suite.js'

process.env.MILLRACE_NATIVE = 'off'

describe.skipIf(areMissing('openssl'))('on the stream engine', () => describeTermination())
