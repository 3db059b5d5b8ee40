/** What of Node's inside a net.Socket calls and is called by. Node documents none of it, so it is looked at when loaded. */
interface StreamWrap {
  /** What Node's C++ leaves here for its JavaScript to find. */
  readonly streamBaseState: Int32Array
  readonly kReadBytesOrError: number
  readonly kBytesWritten: number
  readonly kLastWriteWasAsync: number
}

interface TcpWrap {
  /** A net.Socket resets only what is an instance of this. */
  readonly TCP: { readonly prototype: object }
}

const { binding } = process as unknown as { binding(name: string): unknown }

export const streamWrap = binding.call(process, 'stream_wrap') as StreamWrap
export const tcpWrap = binding.call(process, 'tcp_wrap') as TcpWrap
