/** All contenders, earshot first. */
import type { Contender } from '../contender.ts'
import { bareSocket } from './bare-socket.ts'
import { earshot } from './earshot.ts'
import { nats } from './nats.ts'
import { ws } from './ws.ts'
import { zeromq } from './zeromq.ts'

export const CONTENDERS: readonly Contender[] = [earshot, zeromq, ws, nats, bareSocket]

export function contenderNamed(name: string | undefined): Contender {
  const contender = CONTENDERS.find((each) => each.name === name)
  if (contender === undefined) throw new Error(`no contender ${name}`)
  return contender
}
