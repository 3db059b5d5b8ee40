/** The address from which another proxy connects → `socket` of a cluster. */
import { isIP } from 'node:net'
import { type Fields, put } from './draft.js'
import type { Line } from './place.js'
import type { Remarks } from './remarks.js'

const ANY: ReadonlySet<string> = new Set(['', '*', '0.0.0.0', '::'])

/** `ADDRESS`, `ADDRESS:PORT` or `ADDRESS:LOW-HIGH`. */
export function putSource(cluster: Fields, text: string, line: Line, remarks: Remarks): void {
  const { host, ports } = partsOf(text.replace(/^ipv[46]@/, ''))
  if (!ANY.has(host) && isIP(host) === 0) {
    remarks.leftOut(line, `"${text}" is no IP address`)
    return
  }
  if (!ANY.has(host)) put(cluster, 'socket.source', host)
  if (ports.includes('-')) put(cluster, 'socket.sourcePorts', ports)
  else if (Number(ports) > 0) remarks.differs(line, 'the kernel chooses the port')
}

function partsOf(text: string): { readonly host: string; readonly ports: string } {
  if (isIP(text) > 0) return { host: text, ports: '' }
  const [, host = '', ports = ''] = /^(.*?)(?::([\d-]*))?$/s.exec(text)!
  return { host: host.replace(/^\[(.*)\]$/s, '$1'), ports }
}
