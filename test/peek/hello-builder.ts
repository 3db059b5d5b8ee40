/** Builds ClientHellos, good and bad, field by field (RFC 8446 section 4.1.2). */

export interface HelloParts {
  readonly type?: number
  readonly version?: number
  readonly sessionId?: Buffer
  readonly suites?: Buffer
  readonly compression?: Buffer
  /** If undefined, the hello ends before the extensions, as it could before TLS 1.3. */
  readonly extensions?: readonly Buffer[] | undefined
  /** Bytes after everything else, inside the message. */
  readonly trailer?: Buffer
}

export const bytes = (...values: readonly number[]): Buffer => Buffer.from(values)

/** Content behind a length field of `size` bytes. */
export function vector(size: number, ...content: readonly (Buffer | string)[]): Buffer {
  const all = Buffer.concat(content.map((part) => Buffer.from(part as Buffer)))
  const length = Buffer.alloc(size)
  length.writeUIntBE(all.length, 0, size)
  return Buffer.concat([length, all])
}

export function extension(type: number, data: Buffer): Buffer {
  return Buffer.concat([bytes(type >> 8, type & 255), vector(2, data)])
}

export const serverName = (name: string | Buffer): Buffer =>
  extension(0, vector(2, bytes(0), vector(2, Buffer.from(name as string, 'latin1'))))

export const alpn = (...names: readonly string[]): Buffer =>
  extension(16, vector(2, ...names.map((name) => vector(1, name))))

export const supportedVersions = (...versions: readonly number[]): Buffer =>
  extension(43, vector(1, bytes(...versions.flatMap((version) => [version >> 8, version & 255]))))

/** The handshake message. */
export function message(parts: HelloParts = {}): Buffer {
  const { type = 1, version = 0x0303, sessionId = Buffer.alloc(32), suites = bytes(0x13, 1, 0x13, 2) } = parts
  const { compression = bytes(0), extensions = [], trailer = Buffer.alloc(0) } = parts
  const body = Buffer.concat([
    bytes(version >> 8, version & 255),
    Buffer.alloc(32, 7),
    vector(1, sessionId),
    vector(2, suites),
    vector(1, compression),
    ...('extensions' in parts && parts.extensions === undefined ? [] : [vector(2, ...extensions)]),
    trailer,
  ])
  return Buffer.concat([bytes(type), vector(3, body)])
}

/** Puts a handshake message into records of at most `most` bytes. */
export function records(handshake: Buffer, most = 16_384, contentType = 22): Buffer {
  const all: Buffer[] = []
  for (let at = 0; at < handshake.length; at += most) {
    all.push(bytes(contentType, 3, 1), vector(2, handshake.subarray(at, at + most)))
  }
  return Buffer.concat(all)
}

export const hello = (parts: HelloParts = {}): Buffer => records(message(parts))
