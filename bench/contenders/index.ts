/** All contenders, earshot first. */
import type { Contender } from '../contender.ts'
import { bareSocket } from './bare-socket.ts'
import { earshot } from './earshot.ts'
import { zeromq } from './zeromq.ts'

export const CONTENDERS: readonly Contender[] = [earshot, zeromq, bareSocket]
