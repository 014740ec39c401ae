/** `--zre-log`: records of other implementations among those of the mesh. A libzmq PUB sends what C Zyre would. */
import { describe, expect } from 'vitest'
import * as zmq from 'zeromq'
import { ExitCode } from '../../cli/exit-codes.ts'
import { zreLogAddress } from '../../cli/zre-log.ts'
import { meshLog } from '../../src/index.ts'
import { type CommandProcess, it, type Scene } from './command.ts'
import { runInside } from './host.ts'

/** Octet for octet what C Zyre sends for `zyre_log_info (log, EXIT, "Pizza time", "this is you")`, but for the time. */
const FROM_C = Buffer.from(
  'aaa2 01 03 04 1a2b 3c4d 000000005396f1a0 0b 7468697320697320796f75'.replaceAll(' ', ''),
  'hex',
)

/** As C Zyre: a socket that connects to the collector, and sends as soon as that has subscribed. */
async function sendTo(endpoint: string, command: CommandProcess): Promise<void> {
  const socket = new zmq.XPublisher({ linger: 0, receiveTimeout: 10_000 })
  try {
    socket.connect(endpoint)
    await socket.receive()
    await socket.send(FROM_C)
    await command.record('log', 'this is you')
  } finally {
    socket.close()
  }
}

async function collecting(scene: Scene, args: readonly string[]): Promise<CommandProcess> {
  const ada = await scene.node({ name: 'ada' })
  const command = scene.start(args)
  const { peer } = await ada.next('enter')
  const endpoint = peer.headers['X-ZRELOG'] ?? 'none'
  expect(endpoint).toMatch(/^tcp:\/\/127\.0\.0\.1:\d+$/)
  meshLog(ada).record('info', 'dinner')
  await sendTo(endpoint, command)
  await scene.node({ name: 'ben' })
  await command.until('the news of ada', () => command.stdout.includes('"peerName":"ben"'))
  return command
}

const FOREIGN = {
  type: 'earshot.log/1',
  node: 'ZRELOG-1a2b',
  name: 'zre-1a2b',
  levelName: 'info',
  msg: 'this is you',
  nodeTime: new Date(0x5396f1a0 * 1_000).toISOString(),
  fields: { event: 'exit', zrePeer: '3c4d', source: 'zrelog' },
}

describe.concurrent('--zre-log', () => {
  it('of logs has records of other implementations among the others, none twice', async ({
    scene,
  }) => {
    const command = await collecting(scene, ['logs', '--follow', '--json', '--zre-log'])
    expect(await command.record('log', 'this is you')).toMatchObject(FOREIGN)
    await command.record('log', 'dinner')
    // A node of this library reports there, too.
    expect(
      command.records.filter(({ name, fields }) => {
        return name === 'ada' && (fields as { source?: string } | undefined)?.source === 'zrelog'
      }),
    ).toEqual([])
  })

  it('of record writes them down', async ({ scene }) => {
    const command = await collecting(scene, ['record', '-', '--zre-log', '127.0.0.1'])
    expect(await command.record('log', 'this is you')).toMatchObject(FOREIGN)
    command.signal('SIGINT')
    await command.ended()
    const replayed = await runInside(['replay', '-', '--peer', 'zre-1a2b', '--pretty'], {
      input: command.stdout,
    })
    expect(replayed.out).toMatch(/INFO {3}zre-1a2b {2}this is you {2}event=exit zrePeer=3c4d/)
  })

  it('without an address is at the node’s own, however that was asked for', () => {
    for (const wanted of ['127.0.0.1', '127.0.0.0/8']) {
      expect(zreLogAddress(true, { interfaces: [wanted] })).toBe('127.0.0.1')
    }
    const nowhere = { interfaces: ['nowhere0'] }
    expect(() => zreLogAddress(true, nowhere)).toThrow('say at which address')
  })

  it.for([
    [
      ['logs', '--zre-log'],
      'earshot: --zre-log needs --follow: only what is sent from now on can be had\n',
    ],
    [
      ['record', '--zre-log', 'day.ndjson'],
      "earshot: option '--zre-log [address]' argument 'day.ndjson' is invalid. Expected an IPv4 address of this host.\nTry: earshot help record\n",
    ],
    [
      ['logs', '-f', '--zre-log', '192.0.2.77'],
      /^earshot: --zre-log: 192\.0\.2\.77 is not of this host, which has .*127\.0\.0\.1.*\n$/,
    ],
  ] as const)('%j is a mistake', async ([args, text]) => {
    const { code, err } = await runInside(args)
    expect(code).toBe(ExitCode.usage)
    if (typeof text === 'string') expect(err).toBe(text)
    else expect(err).toMatch(text)
  })
})
