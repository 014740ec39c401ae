import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect } from 'vitest'
import { ExitCode } from '../../cli/exit-codes.ts'
import { CommandProcess, it, type Scene } from './command.ts'
import { type Family, parseExposition, sampleOf } from './exposition.ts'

const LIMIT_MS = 15_000

/** A node that serves its metrics at a free port. */
async function serving(
  scene: Scene,
  ...args: string[]
): Promise<{ run: CommandProcess; url: string }> {
  const run = scene.start(['run', '--json', '--metrics', '127.0.0.1:0', ...args])
  const { metrics } = await run.record('node')
  return { run, url: String(metrics) }
}

async function scrape(url: string): Promise<Map<string, Family>> {
  const response = await fetch(url, { signal: AbortSignal.timeout(LIMIT_MS) })
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  return parseExposition(await response.text())
}

/** Scrapes again and again until the metrics are as wanted. */
async function until(
  url: string,
  holds: (families: Map<string, Family>) => boolean,
): Promise<Map<string, Family>> {
  const limit = AbortSignal.timeout(LIMIT_MS)
  for (;;) {
    const families = await scrape(url)
    if (holds(families)) return families
    limit.throwIfAborted()
  }
}

describe.concurrent('run --metrics', () => {
  it('serves what the node counts, as it grows', async ({ scene }) => {
    const { run, url } = await serving(scene, '--name', 'relay', '--group', 'ops')
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/metrics$/)
    const ada = await scene.node({ name: 'a"d\\a\n', groups: ['ops'] })
    const { peer: relay } = await ada.next('enter')
    await run.record('enter')
    await ada.whisper(relay, 'hello')
    await ada.shout('ops', 'all')
    await ada.shout('ops', 'again')
    await ada.ping(relay)
    const of = { peer: ada.id, name: 'a"d\\a\ufffd', direction: 'in' }
    const families = await until(
      url,
      (all) => sampleOf(all, 'earshot_peer_messages_total', { ...of, kind: 'shout' }) === 2,
    )
    const value = (name: string, labels = {}) => sampleOf(families, `earshot_${name}`, labels)
    expect(value('node_info', { name: 'relay' })).toBe(1)
    expect(value('peers', { presence: 'alive' })).toBe(1)
    expect(value('peer_messages_total', { ...of, kind: 'whisper' })).toBe(1)
    expect(value('peer_message_bytes_total', of)).toBe(13)
    expect(value('messages_total', { direction: 'in', kind: 'shout' })).toBe(2)
    expect(value('pings_total', { direction: 'in' })).toBeGreaterThanOrEqual(1)
    expect(value('dials_ended_total', { outcome: 'linked' })).toBe(1)
    expect(value('handshakes_total', { outcome: 'complete' })).toBe(1)
    expect(value('process_start_time_seconds')).toBeUndefined()
    expect(sampleOf(families, 'process_start_time_seconds')).toBeGreaterThan(0)
    await until(url, (all) => (all.get('earshot_event_loop_delay_seconds')?.series.length ?? 0) > 2)
    await ada.stop()
    const after = await until(
      url,
      (all) => sampleOf(all, 'earshot_peers', { presence: 'alive' }) === 0,
    )
    expect(after.get('earshot_peer_messages_total')?.series).toEqual([])
    expect(sampleOf(after, 'earshot_peer_exits_total', { reason: 'goodbye' })).toBe(1)
    expect(sampleOf(after, 'earshot_messages_total', { direction: 'in', kind: 'shout' })).toBe(2)
  })

  it('has one page, to be read only', async ({ scene }) => {
    const { url } = await serving(scene)
    const status = async (path: string, method = 'GET'): Promise<number> =>
      (await fetch(new URL(path, url), { method, signal: AbortSignal.timeout(LIMIT_MS) })).status
    expect(await status('/')).toBe(404)
    expect(await status('/metrics/more')).toBe(404)
    expect(await status('/metrics', 'POST')).toBe(405)
    expect(await status('/metrics', 'DELETE')).toBe(405)
    expect(await status('/metrics?collect[]=all')).toBe(200)
    const head = await fetch(url, { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
    expect(Number(head.headers.get('content-length'))).toBeGreaterThan(1_000)
  })

  it('answers strangers who do not speak HTTP, and whoever asks too much', async ({ scene }) => {
    const { url } = await serving(scene)
    const { port } = new URL(url)
    const say = async (bytes: string): Promise<string> => {
      const socket = connect(Number(port), '127.0.0.1', () => socket.write(bytes))
      let answer = ''
      socket.on('data', (chunk) => {
        answer += chunk
      })
      socket.on('error', () => {})
      await once(socket, 'close', { signal: AbortSignal.timeout(LIMIT_MS) })
      return answer
    }
    expect(await say('\u0001\u0000hello\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /)
    expect(await say(`GET /metrics HTTP/1.1\r\nX: ${'x'.repeat(20_000)}`)).toMatch(
      /^HTTP\/1\.1 431 /,
    )
    // A request that never ends is ended for it.
    expect(await say('GET /metrics HTTP/1.1\r\nHost: x\r\n')).toMatch(/^HTTP\/1\.1 408 /)
    expect((await scrape(url)).size).toBeGreaterThan(20)
  })

  it('is up before the node, and ends with it, whoever is connected', async ({ scene }) => {
    const { run, url } = await serving(scene)
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    await once(socket, 'connect')
    socket.on('error', () => {})
    run.signal('SIGINT')
    expect((await run.ended()).code).toBe(ExitCode.interrupted)
    await expect(fetch(url)).rejects.toThrow()
    socket.destroy()
  })

  it('says where it is to people too', async ({ scene }) => {
    const run = scene.start(['run', '--metrics', '0'])
    await run.stderrHas('earshot: metrics are at http://127.0.0.1:')
  })

  it('says what is wrong with a port that is taken, before the node is seen', async ({ scene }) => {
    const ada = await scene.node({ name: 'ada' })
    const { url } = await serving(scene, '--name', 'first')
    await ada.next('enter', { where: ({ peer }) => peer.name === 'first' })
    const { host, port } = new URL(url)
    const { code, stdout, stderr } = await scene.run(['run', '--metrics', host])
    expect([code, stdout]).toEqual([ExitCode.failure, ''])
    expect(stderr).toBe(
      `earshot: metrics: port ${port} of 127.0.0.1 is taken by another program; choose another with --metrics\n`,
    )
    expect(ada.metrics().mesh.enters).toBe(1)
  })

  it.each([
    ['localhost:9464', /--metrics .* is invalid\. Expected a port, or an IP address and a port/],
    ['192.0.2.1:9464', /^earshot: metrics: 192\.0\.2\.1 is no address of this host\n$/],
  ])('%s is a mistake on the command line', async (at, message) => {
    const { code, stderr } = await new CommandProcess(['run', '--metrics', at], {
      input: '',
    }).ended()
    expect(code).toBe(ExitCode.usage)
    expect(stderr).toMatch(message)
  })
})
