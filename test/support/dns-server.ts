/** A DNS server of the test: it says what each datagram and each TCP message is answered with, hostile bytes included. */
import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import {
  type Answer,
  type DecodedPacket,
  decode,
  encode,
  type Packet,
  RECURSION_AVAILABLE,
  type SrvData,
  TRUNCATED_RESPONSE,
} from 'dns-packet'
import { afterAll } from 'vitest'

const LOOPBACK = '127.0.0.1'

export interface Query {
  readonly packet: DecodedPacket
  readonly name: string
  readonly type: string
  readonly transport: 'udp' | 'tcp'
  /** The port of the client. */
  readonly from: number
  /** Sends bytes to the client. Over TCP the length goes before them. */
  reply(bytes: Buffer): void
  /** The connection of a question over TCP. */
  readonly socket: Socket | undefined
}

export interface DnsServerOfTest {
  readonly ip: string
  readonly port: number
  /** All questions so far. */
  readonly queries: readonly Query[]
  /** Sends a datagram that nobody asked for. */
  sendTo(port: number, bytes: Buffer): void
}

/** Starts one. It is closed when the tests of the file are over. */
export async function dnsServer(answer: (query: Query) => void, ip = LOOPBACK): Promise<DnsServerOfTest> {
  const queries: Query[] = []
  const take = (bytes: Buffer, from: Pick<Query, 'transport' | 'from' | 'reply' | 'socket'>): void => {
    const packet = decode(bytes)
    const [question] = packet.questions ?? []
    const query = { packet, name: question?.name ?? '', type: question?.type ?? '', ...from }
    queries.push(query)
    answer(query)
  }
  const { tcp, udp, port } = await listenOnBoth(ip)
  tcp.on('connection', (socket) => {
    socket.on('error', () => {})
    socket.on('data', (bytes) =>
      take(bytes.subarray(2), {
        transport: 'tcp',
        from: socket.remotePort ?? 0,
        socket,
        reply: (message) => socket.write(withLength(message)),
      }),
    )
  })
  udp.on('message', (bytes, { port: client }) =>
    take(bytes, {
      transport: 'udp',
      from: client,
      socket: undefined,
      reply: (message) => udp.send(message, client, ip),
    }),
  )
  afterAll(() => {
    udp.close()
    tcp.close()
  })
  return { ip, port, queries, sendTo: (client, bytes) => udp.send(bytes, client, ip) }
}

interface ReplyParts extends Omit<Packet, 'flags' | 'type'> {
  readonly rcode?: number
  readonly isTruncated?: boolean
  /** Whether the server says that it asks other servers. Default: yes. */
  readonly recursion?: boolean
}

/** The bytes of a reply to this question. */
export function replyTo(query: Query, parts: ReplyParts = {}): Buffer {
  const { rcode = 0, isTruncated = false, recursion = true, ...sections } = parts
  return encode({
    type: 'response',
    id: query.packet.id ?? 0,
    questions: query.packet.questions ?? [],
    ...sections,
    flags: rcode | (isTruncated ? TRUNCATED_RESPONSE : 0) | (recursion ? RECURSION_AVAILABLE : 0),
  })
}

export const a = (name: string, data: string, ttl = 60): Answer => ({ type: 'A', name, data, ttl })
export const aaaa = (name: string, data: string, ttl = 60): Answer => ({ type: 'AAAA', name, data, ttl })
export const cname = (name: string, data: string, ttl = 60): Answer => ({ type: 'CNAME', name, data, ttl })

export const soa = (name: string, ttl: number, minimum: number): Answer => ({
  type: 'SOA',
  name,
  ttl,
  data: { mname: name, rname: name, serial: 1, refresh: 1, retry: 1, expire: 1, minimum },
})
export const srv = (name: string, data: SrvData, ttl = 60): Answer => ({ type: 'SRV', name, data, ttl })

function withLength(message: Buffer): Buffer {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(message.length)
  return Buffer.concat([length, message])
}

/** A socket of each kind at the same port. A port that is free for TCP may be taken for UDP. */
async function listenOnBoth(ip: string): Promise<{ tcp: Server; udp: UdpSocket; port: number }> {
  const tcp = createServer()
  tcp.listen(0, ip)
  await once(tcp, 'listening')
  const { port } = tcp.address() as AddressInfo
  const udp = createSocket(ip === LOOPBACK ? 'udp4' : 'udp6')
  const bound = await new Promise((resolve) => {
    udp.once('error', () => resolve(false))
    udp.bind(port, ip, () => resolve(true))
  })
  if (bound) return { tcp, udp, port }
  tcp.close()
  return await listenOnBoth(ip)
}
