/** The ClientHello that Node's TLS sends. Nobody answers it. */
import { Duplex } from 'node:stream'
import { type ConnectionOptions, connect } from 'node:tls'

export function helloOf(options: ConnectionOptions): Promise<Buffer> {
  return new Promise((resolve) => {
    const nowhere = new Duplex({
      read: () => {},
      write: (chunk: Buffer, _encoding, done) => {
        resolve(chunk)
        done()
        nowhere.destroy()
      },
    })
    connect({ ...options, socket: nowhere }).on('error', () => {})
  })
}

/** The same handshake message in records of at most `most` bytes. */
export function cutIntoRecords(hello: Buffer, most: number): Buffer {
  const message = hello.subarray(5)
  const records: Buffer[] = []
  for (let at = 0; at < message.length; at += most) {
    const fragment = message.subarray(at, at + most)
    const header = Buffer.from([22, 3, 1, fragment.length >> 8, fragment.length & 255])
    records.push(Buffer.concat([header, fragment]))
  }
  return Buffer.concat(records)
}
