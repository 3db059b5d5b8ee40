/** The reader of ClientHellos and a million damaged ones. */
import { MOST_HELLO_BYTES, readClientHello } from '../../src/peek/client-hello.js'
import { cutIntoRecords, helloOf } from '../support/hello.js'
import { describeMutations } from '../support/mutations.js'
import { alpn, hello, serverName, supportedVersions } from './hello-builder.js'

describeMutations({
  parser: 'readClientHello',
  read: readClientHello,
  tellingBytes: Buffer.from([0, 1, 2, 3, 4, 5, 16, 20, 22, 23, 43, 46, 0x2a, 0x61, 0x7f, 0x80, 0xff]),
  mostChanges: 3,
  leastBytes: 1,
  mostBytes: MOST_HELLO_BYTES,
  messages: async () => {
    const real = await helloOf({ servername: 'www.a.test', ALPNProtocols: ['h2', 'http/1.1'] })
    const built = hello({ extensions: [serverName('a.test'), alpn('h2'), supportedVersions(0x304)] })
    return [built, built, hello(), real, cutIntoRecords(built, 40), cutIntoRecords(real, 200)]
  },
})
