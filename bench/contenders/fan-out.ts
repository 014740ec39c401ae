/** One message to many connections, for contenders that know no groups. */
import type { Sender } from '../contender.ts'

/** Sends on every connection; waits until all of those that are full have drained. */
export function fanOut(sends: readonly Sender['send'][]): Sender['send'] {
  if (sends.length === 1) return sends[0]!
  return () => {
    let waits: Promise<void>[] | undefined
    for (const send of sends) {
      const full = send()
      if (full === undefined) continue
      waits ??= []
      waits.push(full)
    }
    return waits === undefined ? undefined : all(waits)
  }
}

async function all(waits: readonly Promise<void>[]): Promise<void> {
  await Promise.all(waits)
}
