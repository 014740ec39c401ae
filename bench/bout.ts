/**
 * A bout: one contender at one trial, with processes of its own that are fresh at the beginning. What is measured in
 * one play is the time from the first message's sending to the last one's arrival.
 */
import { beaconPort } from './beacon-port.ts'
import { Worker } from './calls.ts'
import type { Contender, Service } from './contender.ts'
import type { MeshHalfApi } from './mesh-half.ts'
import type { ReceiverApi } from './receiver.ts'
import { percentile } from './report.ts'
import type { SenderApi } from './sender.ts'
import type { Play, Trial } from './trials.ts'
import type { Usage } from './usage.ts'
import { sum, usageOf } from './usage.ts'

export interface Outcome {
  /** One for each row of the trial. */
  readonly values: readonly number[]
  readonly seconds: number
  /** Messages, deliveries, …: what processor time is counted for. */
  readonly work: number
}

export interface Bout {
  readonly contender: string
  /** Sends so many messages, or makes so many round trips; for a meeting the number means nothing. */
  play(count: number): Promise<Outcome>
  /** Of all processes that take part. */
  usage(): Promise<Usage>
  /** After each play: takes down what the next one starts anew. */
  clear(): Promise<void>
  stop(): Promise<void>
}

/** Milliseconds. Nothing here should take as long; what does has failed. */
const OPEN_MS_MAX = 30_000
const PLAY_MS_MAX = 60_000
const SMALL_CALL_MS_MAX = 10_000

const RECEIVER = new URL('./receiver.js', import.meta.url)
const SENDER = new URL('./sender.js', import.meta.url)
const MESH_HALF = new URL('./mesh-half.js', import.meta.url)

export function openBout(contender: Contender, { play }: Trial): Promise<Bout> {
  return play.kind === 'meeting'
    ? openMeeting(contender.name, play.nodes)
    : openPair(contender, play)
}

type PairPlay = Exclude<Play, { kind: 'meeting' }>

/** The processes of one pair, as far as they are there. */
interface Pair {
  service?: Service
  receiver?: Worker<ReceiverApi>
  sender?: Worker<SenderApi>
}

async function openPair(contender: Contender, play: PairPlay): Promise<Bout> {
  const pair: Pair = {}
  try {
    const task = JSON.stringify(play.task)
    const service = await contender.serve?.()
    if (service !== undefined) pair.service = service
    const address = service?.address ?? ''
    const receiver = await Worker.start<ReceiverApi>(RECEIVER, contender.name, task, address)
    pair.receiver = receiver
    const open = await receiver.call('open', null, OPEN_MS_MAX)
    const sender = await Worker.start<SenderApi>(SENDER, contender.name, task, open)
    pair.sender = sender
    await sender.call('open', null, OPEN_MS_MAX)
    return {
      contender: contender.name,
      play: (count) =>
        play.kind === 'one-way'
          ? playOneWay(receiver, sender, count, play.task.peers)
          : playRoundTrips(receiver, sender, count, play.ranks),
      usage: async () => {
        const ends = await Promise.all([
          receiver.call('usage', null, SMALL_CALL_MS_MAX),
          sender.call('usage', null, SMALL_CALL_MS_MAX),
        ])
        return sum(service === undefined ? ends : [...ends, usageOf(service.pid)])
      },
      clear: async () => {},
      stop: () => stopPair(pair),
    }
  } catch (error) {
    await stopPair(pair)
    throw error
  }
}

async function stopPair({ sender, receiver, service }: Pair): Promise<void> {
  // One that cannot close ends all the same: `stop` sees to it.
  await sender?.call('close', null, SMALL_CALL_MS_MAX).catch(() => {})
  await sender?.stop()
  await receiver?.call('close', null, SMALL_CALL_MS_MAX).catch(() => {})
  await receiver?.stop()
  await service?.stop()
}

async function playOneWay(
  receiver: Worker<ReceiverApi>,
  sender: Worker<SenderApi>,
  messages: number,
  peers: number,
): Promise<Outcome> {
  const work = messages * peers
  await receiver.call('expect', work, SMALL_CALL_MS_MAX)
  const arrival = receiver.call('arrival', null, PLAY_MS_MAX)
  const [arrivedAt, startedAt] = await Promise.all([
    arrival,
    sender.call('send', messages, PLAY_MS_MAX),
  ])
  const seconds = (arrivedAt - startedAt) / 1_000
  return { values: [work / seconds], seconds, work }
}

async function playRoundTrips(
  receiver: Worker<ReceiverApi>,
  sender: Worker<SenderApi>,
  count: number,
  ranks: readonly number[],
): Promise<Outcome> {
  await receiver.call('echo', null, SMALL_CALL_MS_MAX)
  const times = await sender.call('pingPong', count, PLAY_MS_MAX)
  const micros = times.reduce((total, each) => total + each, 0)
  return {
    values: ranks.map((rank) => percentile(times, rank)),
    seconds: micros / 1e6,
    work: count,
  }
}

/** Half of the nodes in each of two processes; all see each other. */
async function openMeeting(contender: string, nodes: number): Promise<Bout> {
  const halves: Worker<MeshHalfApi>[] = []
  const all = <T>(ask: (half: Worker<MeshHalfApi>) => Promise<T>): Promise<T[]> => {
    return Promise.all(halves.map(ask))
  }
  for (let i = 0; i < 2; i++) halves.push(await Worker.start<MeshHalfApi>(MESH_HALF))
  let plays = 0
  return {
    contender,
    play: async () => {
      // Each meeting has a port of its own: nothing of the one before is heard.
      const meeting = { nodes: nodes / 2, ofAll: nodes, port: beaconPort(plays++) }
      const times = await all((half) => half.call('meet', meeting, PLAY_MS_MAX))
      const startedAt = Math.min(...times.map((each) => each.startedAt))
      const metAt = Math.max(...times.map((each) => each.metAt))
      const seconds = (metAt - startedAt) / 1_000
      return { values: [seconds], seconds, work: nodes * (nodes - 1) }
    },
    usage: async () => sum(await all((half) => half.call('usage', null, SMALL_CALL_MS_MAX))),
    clear: async () => {
      await all((half) => half.call('part', null, OPEN_MS_MAX))
    },
    stop: async () => {
      await all((half) => half.stop())
    },
  }
}
