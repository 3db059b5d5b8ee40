/** Reads TCP_INFO of an fd through the addon. */
import type { TcpInfo } from '../tcp-info.js'
import type { KernelLoop } from './kernel-loop.js'
import * as cells from './native-constants.js'

/** Undefined: the fd is no TCP socket. */
export function readTcpInfo({ native, figures }: InfoSource, fd: number): TcpInfo | undefined {
  const filled = native.tcpInfo(fd)
  if (filled < 0) return undefined
  const rttMicros = figures[cells.RTT_MICROS]!
  if (filled < cells.TCP_INFO_CELLS) return { rttMicros, sending: undefined }
  const sending = {
    busyMicros: figures[cells.BUSY_MICROS]!,
    rwndMicros: figures[cells.RWND_MICROS]!,
    sndbufMicros: figures[cells.SNDBUF_MICROS]!,
    retransmits: figures[cells.RETRANSMITS]!,
    rtoMicros: figures[cells.RTO_MICROS]!,
    ackedBytes: figures[cells.ACKED_BYTES]!,
    bytesPerSecond: figures[cells.BYTES_PER_SECOND]!,
    silentMs: figures[cells.SILENT_MS]!,
  }
  return { rttMicros, sending }
}

type InfoSource = Pick<KernelLoop, 'native' | 'figures'>
