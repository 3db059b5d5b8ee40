import { expect, it } from 'vitest'
import { bytes, count, counted, frequency, rate, share, time } from '../src/figures.js'

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [999.6, '1.00 KB'],
  [999_499, '999 KB'],
  [1000, '1.00 KB'],
  [1500, '1.50 KB'],
  [999_999, '1.00 MB'],
  [67_108_864, '67.1 MB'],
  [123_456_789, '123 MB'],
  [1e9, '1.00 GB'],
  [5e12, '5.00 TB'],
  [2e15, '2.00 PB'],
])('%d bytes are shown as %s', (amount, text) => {
  expect(bytes(amount)).toBe(text)
  expect(rate(amount)).toBe(`${text}/s`)
})

it.each([
  [-5, '0ms'],
  [0, '0ms'],
  [0.5, '0.5ms'],
  [12.34, '12.3ms'],
  [999.4, '999ms'],
  [999.5, '1.0s'],
  [1000, '1.0s'],
  [59_949, '59.9s'],
  [59_950, '1m 0s'],
  [59_999.9, '1m 0s'],
  [60_000, '1m 0s'],
  [3_599_999, '59m 59s'],
  [3_600_000, '1h 0m'],
  [86_400_000, '1d 0h'],
  [90_000_000, '1d 1h'],
])('%d ms are shown as %s', (ms, text) => {
  expect(time(ms)).toBe(text)
})

it('a share of nothing is shown as a dash', () => {
  expect([share(0, 0), share(0, 5), share(2, 3), share(5, 5)]).toEqual(['–', '0%', '67%', '100%'])
})

it('a count of one is shown in the singular', () => {
  expect([0, 1, 2].map((count) => counted(count, 'connection'))).toEqual([
    '0 connections',
    '1 connection',
    '2 connections',
  ])
})

it('a count below ten million is shown exactly', () => {
  expect([0, 9_999_999, 10_000_000, 123_456_789].map(count)).toEqual(['0', '9999999', '10.0 M', '123 M'])
})

it('a frequency is shown with one decimal', () => {
  expect([0, 0.25, 20].map(frequency)).toEqual(['0.0', '0.3', '20.0'])
})
