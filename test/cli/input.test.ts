import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { readLines, readWhole } from '../../cli/input.ts'

const never = new AbortController().signal
const streamOf = (...chunks: readonly string[]): Readable => {
  return Readable.from(
    chunks.map((chunk) => Buffer.from(chunk, 'latin1')),
    { objectMode: false },
  )
}

async function linesOf(stream: Readable): Promise<string[]> {
  const lines: string[] = []
  for await (const line of readLines(stream, never))
    lines.push(Buffer.from(line).toString('latin1'))
  return lines
}

describe('lines of stdin', () => {
  it.each([
    ['end at a newline', ['a\nb\n'], ['a', 'b']],
    ['end at the end', ['a\nb'], ['a', 'b']],
    ['may be empty', ['\n\na\n'], ['', '', 'a']],
    ['may end as on Windows', ['a\r\nb\r\n'], ['a', 'b']],
    ['are joined over chunks', ['a', 'b', 'c\nd', '\n', 'e'], ['abc', 'd', 'e']],
    ['are split within a chunk at their carriage return', ['a\r', '\nb'], ['a', 'b']],
    ['keep bytes that are no text', ['\xff\xfe\n\x00'], ['\xff\xfe', '\x00']],
    ['are none for nothing', [''], []],
  ])('%s', async (_title, chunks, lines) => {
    expect(await linesOf(streamOf(...chunks))).toEqual(lines)
  })

  it('are read no faster than they are taken', async () => {
    let produced = 0
    const stream = Readable.from(
      (function* () {
        for (; produced < 10_000; produced++) yield Buffer.from(`${produced}\n`)
      })(),
    )
    for await (const line of readLines(stream, never)) if (String(line) === '5') break
    expect(produced).toBeLessThan(100)
  })

  it('longer than a message are refused before they are complete', async () => {
    const endless = Readable.from(
      (function* () {
        for (;;) yield Buffer.alloc(1024 * 1024)
      })(),
    )
    await expect(linesOf(endless)).rejects.toThrow('longer than the 16777216 bytes of a message')
  })
})

describe('the whole of stdin', () => {
  it('is kept exactly, its last newline included', async () => {
    const whole = await readWhole(streamOf('a\r\n', '\xff\n'), never)
    expect(Buffer.from(whole).toString('latin1')).toBe('a\r\n\xff\n')
  })

  it('longer than a message is refused', async () => {
    const long = Readable.from([Buffer.alloc(16 * 1024 * 1024), Buffer.alloc(1)])
    await expect(readWhole(long, never)).rejects.toThrow('stdin is longer than')
  })

  it('is no longer read when the signal says so', async () => {
    const ending = new AbortController()
    const reading = readWhole(new Readable({ read() {} }), ending.signal)
    ending.abort()
    await expect(reading).rejects.toThrow()
  })
})
