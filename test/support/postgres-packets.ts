/** The bytes that Postgres clients and servers send before the first query. */
const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** A packet without a type: its length, which counts itself, and a body. */
export const packet = (...body: Buffer[]): Buffer => {
  const all = Buffer.concat(body)
  return Buffer.concat([int32(all.length + 4), all])
}

export const TLS_REQUEST = packet(int32(80_877_103))
export const GSS_REQUEST = packet(int32(80_877_104))

export const cancelOf = (pid: number, key: Buffer): Buffer => packet(int32(80_877_102), int32(pid), key)

/** A start-up packet. The default version is protocol 3.0. */
export function startUpOf(parameters: Readonly<Record<string, string>>, version = 0x0003_0000): Buffer {
  const texts = Object.entries(parameters).map(([name, value]) => Buffer.from(`${name}\0${value}\0`))
  return packet(int32(version), ...texts, Buffer.from([0]))
}

/** A message from a server. */
export const message = (type: string, body: Buffer = Buffer.alloc(0)): Buffer =>
  Buffer.concat([Buffer.from(type), packet(body)])

/** All that a server sends when it accepts a client: AuthenticationOk, parameters, the key, ReadyForQuery. */
export const welcome = (pid: number, key: Buffer): Buffer =>
  Buffer.concat([
    message('R', int32(0)),
    message('S', Buffer.from('server_version\x0015.0\0')),
    message('N', Buffer.from('SNOTICE\0\0')),
    message('K', Buffer.concat([int32(pid), key])),
    message('Z', Buffer.from('I')),
  ])
