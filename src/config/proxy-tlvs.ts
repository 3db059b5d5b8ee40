/** The TLVs of a PROXY header that millrace can send (PROXY protocol 2.2). No schema is here, so a worker loads none. */
import type { ProxyTlv } from './common-input.js'

export const PROXY_TLVS: readonly ProxyTlv[] = ['ssl', 'authority', 'alpn', 'uniqueId', 'fromClient']
