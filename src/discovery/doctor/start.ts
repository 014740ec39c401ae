/** Why a node did not start, as findings. */
import { EarshotError } from '../../base/errors.ts'
import { selectInterfaces } from '../../runtime/interface-selection.ts'
import type { Platform } from '../../runtime/platform.ts'
import { openEar } from '../ear.ts'
import { type Finding, finding } from './findings.ts'
import { portHolder } from './gather-host.ts'
import type { HostTools } from './host-tools.ts'
import { choiceFindings } from './interfaces.ts'

export interface FailedStart {
  /** What the start was rejected with. */
  readonly error: unknown
  /** As the node's options had them. */
  readonly port: number
  readonly mailboxPort?: number
  readonly interfaces?: readonly string[]
}

/** No findings for an error that says nothing of host or network. */
export async function startFindings(
  platform: Platform,
  tools: HostTools,
  { error, port, mailboxPort, interfaces }: FailedStart,
): Promise<Finding[]> {
  if (!(error instanceof EarshotError)) return []
  if (error.code === 'ERR_EARSHOT_NO_INTERFACE') {
    const { all, used } = selectInterfaces(platform.interfaces(), interfaces)
    if (used.length === 0 && interfaces === undefined) return choiceFindings([], all)
    const names = all.map(({ name, address }) => `${name} ${address}`)
    const advice = ['Name one that is there (--interface).']
    return [finding('interface-none', `${capital(error.message)}.`, { available: names }, advice)]
  }
  if (error.code !== 'ERR_EARSHOT_PORT_IN_USE') return []
  if (await isBeaconPortTaken(platform, port)) {
    const holder = portHolder(tools, 'udp', port)
    const by = holder === undefined ? 'a program that does not share it' : holder
    const sentence = `UDP port ${port}, where beacons come in, is held by ${by}.`
    return [
      finding('beacon-port-in-use', sentence, { port, holder: holder ?? null }, [
        'End that program, or have it share the port (SO_REUSEADDR).',
        'Or give all nodes another port (--port).',
      ]),
    ]
  }
  const holder = mailboxPort === undefined ? undefined : portHolder(tools, 'tcp', mailboxPort)
  const sentence = `TCP port ${mailboxPort ?? 'of the mailbox'} is held by ${holder ?? 'another program'}.`
  return [
    finding(
      'mailbox-port-in-use',
      sentence,
      { port: mailboxPort ?? null, holder: holder ?? null },
      ['Choose another (--mailbox-port), or none: then a free one is found.'],
    ),
  ]
}

async function isBeaconPortTaken(platform: Platform, port: number): Promise<boolean> {
  try {
    const closeEar = await openEar(platform, port, [], () => {})
    closeEar()
    return false
  } catch {
    return true
  }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
