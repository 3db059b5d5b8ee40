/** The parts inside Node that a net.Socket uses. Node documents none of them, so they are checked when loaded. */
interface StreamWrap {
  /** Node's C++ leaves results here for its JavaScript. */
  readonly streamBaseState: Int32Array
  readonly kReadBytesOrError: number
  readonly kBytesWritten: number
  readonly kLastWriteWasAsync: number
}

interface TcpWrap {
  /** A net.Socket resets only a handle that is an instance of this. */
  readonly TCP: { readonly prototype: object }
}

const { binding } = process as unknown as { binding(name: string): unknown }

export const streamWrap = binding.call(process, 'stream_wrap') as StreamWrap
export const tcpWrap = binding.call(process, 'tcp_wrap') as TcpWrap
