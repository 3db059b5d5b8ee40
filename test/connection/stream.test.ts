/** Everything that a client's first bytes decide, without the addon. The first proxy chooses the engine. */
import { describe } from 'vitest'
import { describeOpenings } from './suite.js'

process.env.MILLRACE_NATIVE = 'off'

describe('first bytes on the stream engine', () => describeOpenings())
