/**
 * A smaller PNG of a screenshot: 256 colours instead of 16 million. A page of text, lines and flat areas has a few
 * colours and shades between them, so nobody sees the difference. Pure.
 */
import { crc32, deflateSync, inflateSync } from 'node:zlib'

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
const MOST_COLORS = 256
const RGB = 2
const RGBA = 6
const PALETTE = 3

interface Image {
  readonly width: number
  readonly height: number
  /** Of each pixel, `0xRRGGBB`. */
  readonly colors: Uint32Array
}

export function smallPng(png: Buffer): Buffer {
  const { width, height, colors } = decode(png)
  const palette = frequentColors(colors)
  const indexes = indexesOf(colors, palette)
  const rows = Buffer.alloc(height * (width + 1))
  for (let y = 0; y < height; y++) rows.set(indexes.subarray(y * width, (y + 1) * width), y * (width + 1) + 1)
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, PALETTE, 0, 0, 0], 8)
  const entries = Buffer.from(palette.flatMap(partsOf))
  const chunks = [
    chunk('IHDR', header),
    chunk('PLTE', entries),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]
  return Buffer.concat([SIGNATURE, ...chunks])
}

/** Of 8 bits a channel, not interlaced, as Chromium writes it. Transparency is left out. */
function decode(png: Buffer): Image {
  const data: Buffer[] = []
  let header = Buffer.alloc(0)
  for (let at = SIGNATURE.length; at < png.length; ) {
    const length = png.readUInt32BE(at)
    const type = png.toString('latin1', at + 4, at + 8)
    const body = png.subarray(at + 8, at + 8 + length)
    if (type === 'IHDR') header = Buffer.from(body)
    if (type === 'IDAT') data.push(body)
    at += length + 12
  }
  const [depth, kind, , , interlace] = header.subarray(8)
  if (depth !== 8 || (kind !== RGB && kind !== RGBA) || interlace !== 0)
    throw new Error('another kind of PNG')
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)]
  const channels = kind === RGB ? 3 : 4
  const bytes = unfilter(inflateSync(Buffer.concat(data)), width * channels, channels)
  const colors = new Uint32Array(width * height).map((_, pixel) => bytes.readUIntBE(pixel * channels, 3))
  return { width, height, colors }
}

/** PNG specification, section 9: each row begins with the number of its filter. */
function unfilter(filtered: Buffer, rowBytes: number, channels: number): Buffer {
  const rows = filtered.length / (rowBytes + 1)
  const bytes = Buffer.alloc(rows * rowBytes)
  for (let y = 0; y < rows; y++) {
    const filter = filtered[y * (rowBytes + 1)]!
    const predict = PREDICTORS[filter]!
    for (let x = 0; x < rowBytes; x++) {
      const at = y * rowBytes + x
      const left = x < channels ? 0 : bytes[at - channels]!
      const above = y === 0 ? 0 : bytes[at - rowBytes]!
      const corner = x < channels || y === 0 ? 0 : bytes[at - rowBytes - channels]!
      bytes[at] = filtered[y * (rowBytes + 1) + 1 + x]! + predict(left, above, corner)
    }
  }
  return bytes
}

function paeth(left: number, above: number, corner: number): number {
  const toLeft = Math.abs(above - corner)
  const toAbove = Math.abs(left - corner)
  const toCorner = Math.abs(left + above - 2 * corner)
  if (toLeft <= toAbove && toLeft <= toCorner) return left
  return toAbove <= toCorner ? above : corner
}

/** By the number of the filter. */
const PREDICTORS: readonly ((left: number, above: number, corner: number) => number)[] = [
  () => 0,
  (left) => left,
  (_, above) => above,
  (left, above) => (left + above) >> 1,
  paeth,
]

function frequentColors(colors: Uint32Array): number[] {
  const counts = new Map<number, number>()
  for (const color of colors) counts.set(color, (counts.get(color) ?? 0) + 1)
  const sorted = [...counts].sort(([, a], [, b]) => b - a)
  return sorted.slice(0, MOST_COLORS).map(([color]) => color)
}

function indexesOf(colors: Uint32Array, palette: readonly number[]): Uint8Array {
  const indexes = new Map(palette.map((color, index) => [color, index]))
  return Uint8Array.from(colors, (color) => {
    const index = indexes.get(color) ?? nearestIndex(color, palette)
    indexes.set(color, index)
    return index
  })
}

function nearestIndex(color: number, palette: readonly number[]): number {
  const parts = partsOf(color)
  const distances = palette.map((each) =>
    partsOf(each).reduce((sum, part, channel) => sum + (part - parts[channel]!) ** 2, 0),
  )
  return distances.indexOf(Math.min(...distances))
}

const partsOf = (color: number): number[] => [color >> 16, (color >> 8) & 0xff, color & 0xff]

function chunk(type: string, body: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), body])
  const frame = Buffer.alloc(8)
  frame.writeUInt32BE(body.length, 0)
  frame.writeUInt32BE(crc32(named), 4)
  return Buffer.concat([frame.subarray(0, 4), named, frame.subarray(4)])
}
