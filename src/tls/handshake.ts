/**
 * A TLS handshake in progress, on either side. It ends with a stream and what was agreed, or with a reason.
 * No error event of the socket gets past it.
 */
import type { TLSSocket } from 'node:tls'
import type { TlsFacts } from '../route/visitor.js'

export interface Secured {
  readonly stream: TLSSocket
  readonly facts: TlsFacts
}

export interface Handshake {
  /** Rejects with an Error whose message is for the record, such as `ERR_SSL_NO_SHARED_CIPHER`. */
  readonly done: Promise<Secured>
  /** Ends the connection, whatever the state of the handshake. */
  cancel(): void
}

/**
 * `event` says that the handshake is done. `judge` may still find something wrong, and returns it.
 * `serverName` is the name that was asked for.
 */
export function handshakeOf(
  stream: TLSSocket,
  event: 'secure' | 'secureConnect',
  serverName: string | undefined,
  judge: () => string | undefined,
): Handshake {
  const done = new Promise<Secured>((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => reject(new Error(error.code ?? error.message))
    const closed = (): void => reject(new Error('closed by the peer'))
    stream.on('error', failed)
    stream.once('_tlsError', failed)
    stream.once('close', closed)
    stream.once(event, () => {
      const wrong = judge()
      if (wrong !== undefined) reject(new Error(wrong))
      else resolve({ stream, facts: factsOf(stream, serverName) })
      stream.off('error', failed)
      stream.off('_tlsError', failed)
      stream.off('close', closed)
      // The next owner of the stream listens for errors a moment later. Until then, this does.
      stream.on('error', () => {})
    })
  })
  done.catch(() => {})
  return { done, cancel: () => stream.destroy() }
}

function factsOf(stream: TLSSocket, serverName: string | undefined): TlsFacts {
  const certificate = stream.getPeerCertificate()
  const name = certificate?.subject?.CN as string | string[] | undefined
  return {
    version: stream.getProtocol() ?? '',
    cipher: stream.getCipher().name,
    serverName,
    alpn: typeof stream.alpnProtocol === 'string' ? stream.alpnProtocol : undefined,
    clientName: Array.isArray(name) ? name[0] : name,
  }
}
