/** The messages that go both ways between us and libzmq. */

const KIB = 1024
const MIB = 1024 * KIB

export interface MatrixCase {
  readonly title: string
  readonly messages: readonly (readonly Buffer[])[]
}

/** Bytes of all values that tell their places apart. */
function pattern(length: number, seed = 0): Buffer {
  const bytes = Buffer.alloc(length)
  for (let i = 0; i < length; i++) bytes[i] = seed + i * 31 + (i >> 8)
  return bytes
}

const EMPTY = Buffer.alloc(0)

export const MATRIX: readonly MatrixCase[] = [
  { title: 'a message of one frame', messages: [[Buffer.from('hello')]] },
  { title: 'a message of two frames', messages: [[Buffer.from('header'), Buffer.from('content')]] },
  {
    title: 'empty frames, alone, first, in the middle and last',
    messages: [
      [EMPTY],
      [EMPTY, pattern(1)],
      [pattern(1), EMPTY, pattern(2)],
      [pattern(1), EMPTY],
      [EMPTY, EMPTY, EMPTY],
    ],
  },
  { title: 'every byte value', messages: [[pattern(256), pattern(4096, 7)]] },
  {
    title: 'sizes around the edges of headers and buffers',
    messages: [1, 254, 255, 256, 257, 8191, 8192, 8193, 16_384, 65_535, 65_536, 65_537].map(
      (length) => [pattern(3), pattern(length)],
    ),
  },
  { title: 'a frame of 1 MiB', messages: [[pattern(MIB)], [pattern(10), pattern(MIB, 1)]] },
  { title: 'a frame of 10 MiB', messages: [[pattern(10), pattern(10 * MIB)]] },
  {
    title: '1,024 frames',
    messages: [Array.from({ length: 1024 }, (_, i) => pattern(i % 300, i))],
  },
  {
    title: '10,000 messages in their order',
    messages: Array.from({ length: 10_000 }, (_, i) => [
      Buffer.from(`message ${i}`),
      pattern((i * 7) % 100, i),
    ]),
  },
]
