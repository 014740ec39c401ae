/** All contenders, earshot first. A process that plays one loads that one only: nobody pays for the others' memory. */
import type { Contender } from '../contender.ts'

const LOADERS: Readonly<Record<string, () => Promise<Contender>>> = {
  earshot: async () => (await import('./earshot.ts')).earshot,
  zeromq: async () => (await import('./zeromq.ts')).zeromq,
  ws: async () => (await import('./ws.ts')).ws,
  NATS: async () => (await import('./nats.ts')).nats,
  'bare socket': async () => (await import('./bare-socket.ts')).bareSocket,
}

export const CONTENDER_NAMES: readonly string[] = Object.keys(LOADERS)

export function loadContender(name: string | undefined): Promise<Contender> {
  const load = LOADERS[name ?? '']
  if (load === undefined) throw new Error(`no contender ${name}`)
  return load()
}
