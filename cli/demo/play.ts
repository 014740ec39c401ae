/**
 * The play: three processes meet, talk, one is killed, one leaves. Each step is checked and has a limit; the first
 * that fails ends the play with its name.
 */
import type { ActorEvent, Stage } from './actor.ts'
import { Actor } from './actor.ts'
import type { Transcript } from './transcript.ts'

/** Three processes at once on a busy machine take their time. */
const START_MS = 8_000
const MEET_MS = 3_000
const HEAR_MS = 1_000
/** What the library promises for a process that ends without a word. */
const KILLED_MS = 2_000
const GOODBYE_MS = 1_000
const END_MS = 3_000

/** Plays it all. Whatever happens, no process is left. */
export async function play(stage: Stage, transcript: Transcript): Promise<void> {
  const actors = ['ada', 'ben', 'cleo'].map((name) => new Actor(name, stage))
  const [ada, ben, cleo] = actors as [Actor, Actor, Actor]
  try {
    const ids = await start(actors, transcript)
    await meet(actors, ids, stage, transcript)
    await shout(ada, [ben, cleo], ids, transcript)
    await whisper(ben, cleo, ada, ids, transcript)
    await kill(cleo, [ada, ben], ids, transcript)
    await leave(ben, ada, ids, transcript)
    await leave(ada, undefined, ids, transcript)
  } catch (error) {
    for (const { name, errors } of actors) {
      if (errors !== '') transcript.told(`${name} said on stderr: ${errors}`)
    }
    throw error
  } finally {
    await Promise.all(actors.map((actor) => actor.kill()))
  }
}

/** The id of each actor, by name. */
type Ids = ReadonlyMap<string, string>

async function start(actors: readonly Actor[], transcript: Transcript): Promise<Ids> {
  const nodes = await Promise.all(
    actors.map((actor) => actor.see(`${actor.name} starts`, isKind('node'), START_MS)),
  )
  const ids = new Map(actors.map((actor, i) => [actor.name, nodes[i]?.id ?? '']))
  const names = actors.map(({ name, pid }) => `${name} (process ${pid})`)
  transcript.checked(`started: ${listed(names)}`)
  return ids
}

async function meet(
  actors: readonly Actor[],
  ids: Ids,
  { group }: Stage,
  transcript: Transcript,
): Promise<void> {
  const pairs = actors.flatMap((one) => {
    return actors.filter((other) => other !== one).map((other) => ({ one, other }))
  })
  for (const kind of ['enter', 'join']) {
    const verb = kind === 'enter' ? 'discovers' : `sees in "${group}"`
    await Promise.all(
      pairs.map(({ one, other }) => {
        const of = isKind(kind, { peerId: ids.get(other.name) })
        return one.see(`${one.name} ${verb} ${other.name}`, of, MEET_MS)
      }),
    )
  }
  transcript.checked('discovered each other, without a server or an address')
  transcript.checked(`all in the group "${group}"`)
}

async function shout(
  from: Actor,
  to: readonly Actor[],
  ids: Ids,
  transcript: Transcript,
): Promise<void> {
  const text = 'hello, everybody!'
  transcript.told(`${from.name} shouts: ${text}`)
  const saidAt = transcript.now()
  from.type(text)
  await Promise.all(
    to.map(async (hearer) => {
      const heard = isKind('shout', { peerId: ids.get(from.name), text })
      await hearer.see(`${hearer.name} hears the shout`, heard, HEAR_MS)
      transcript.checked(`${hearer.name} hears it${after(saidAt, transcript)}`)
    }),
  )
}

async function whisper(
  from: Actor,
  to: Actor,
  other: Actor,
  ids: Ids,
  transcript: Transcript,
): Promise<void> {
  const text = 'just between us: tea at five?'
  transcript.told(`${from.name} whispers to ${to.name}: ${text}`)
  const saidAt = transcript.now()
  from.type(`/whisper ${ids.get(to.name)} ${text}`)
  const heard = isKind('whisper', { peerId: ids.get(from.name), text })
  await to.see(`${to.name} hears the whisper`, heard, HEAR_MS)
  transcript.checked(`${to.name} hears it${after(saidAt, transcript)}`)
  // A shout behind the whisper, on the same way: what the other was to hear, it has heard then.
  const done = 'where were we?'
  transcript.told(`${from.name} shouts: ${done}`)
  from.type(done)
  await other.see(`${other.name} hears the shout`, isKind('shout', { text: done }), HEAR_MS)
  if (other.has(({ text: any }) => any === text)) {
    throw new Error(`${other.name} hears a whisper to ${to.name}`)
  }
  transcript.checked(`${other.name} hears that, and did not hear the whisper`)
}

async function kill(
  victim: Actor,
  witnesses: readonly Actor[],
  ids: Ids,
  transcript: Transcript,
): Promise<void> {
  const killedAt = transcript.now()
  void victim.kill()
  transcript.told(`${victim.name} is killed (SIGKILL): no goodbye, nothing`)
  await Promise.all(
    witnesses.map(async (witness) => {
      const gone = isKind('exit', { peerId: ids.get(victim.name) })
      const what = `${witness.name} reports that ${victim.name} is gone`
      const { reason } = await witness.see(what, gone, KILLED_MS)
      transcript.checked(`${what} (${reason})${after(killedAt, transcript)}`)
    }),
  )
}

async function leave(
  leaver: Actor,
  witness: Actor | undefined,
  ids: Ids,
  transcript: Transcript,
): Promise<void> {
  const leftAt = transcript.now()
  leaver.type('/quit')
  transcript.told(`${leaver.name} leaves politely`)
  if (witness !== undefined) {
    const what = `${witness.name} reports that ${leaver.name} is gone`
    const gone = isKind('exit', { peerId: ids.get(leaver.name) })
    const { reason } = await witness.see(what, gone, GOODBYE_MS)
    if (reason !== 'goodbye') throw new Error(`${what}: for reason ${reason}, not goodbye`)
    transcript.checked(`${what} (${reason})${after(leftAt, transcript)}`)
  }
  await leaver.ended(`the process of ${leaver.name} ends`, END_MS)
  const { exitCode } = leaver
  if (exitCode !== 0) throw new Error(`${leaver.name} ends with exit code ${exitCode}, not 0`)
  transcript.checked(`the process of ${leaver.name} has ended with exit code 0`)
}

interface Wanted {
  readonly peerId?: string | undefined
  readonly text?: string
}

function isKind(kind: string, wanted: Wanted = {}): (event: ActorEvent) => boolean {
  return ({ type, peer, text }) => {
    return (
      type === `earshot.${kind}/1` &&
      (wanted.peerId === undefined || peer?.id === wanted.peerId) &&
      (wanted.text === undefined || text === wanted.text)
    )
  }
}

function after(startedAt: number, transcript: Transcript): string {
  const ms = transcript.now() - startedAt
  return `, after ${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`
}

function listed(names: readonly string[]): string {
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}
