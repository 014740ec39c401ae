/**
 * Places that people write into options: `tcp://hub.example:5670`, `tcp://10.0.0.7:5670`, `tcp://[fe80::7%eth0]:5670`.
 * Only there a host may have a name: what strangers say is read by `zre/endpoint.ts`, which takes numbers alone.
 */
import { badOption } from '../runtime/options.ts'
import type { SocketAddress } from '../runtime/platform.ts'
import { parseEndpoint } from '../zre/endpoint.ts'

/** Where to go: an address as it stands, or a name that has to be resolved first. */
export type Place =
  | { readonly kind: 'address'; readonly text: string; readonly to: SocketAddress }
  | {
      readonly kind: 'name'
      readonly text: string
      readonly name: string
      readonly port: number
    }

const SCOPED = /^tcp:\/\/\[([0-9a-fA-F:.]+)(%[0-9A-Za-z._~-]+)\]:/
const NAMED = /^tcp:\/\/([0-9A-Za-z_.-]+):([1-9][0-9]{0,4})$/
/** RFC 1123 §2.1: letters, digits and hyphens within; underscores are in use, too. */
const LABEL = /^(?!-)[0-9A-Za-z_-]{1,63}(?<!-)$/
const NAME_LENGTH_MAX = 253

/** `undefined` for what is no place to dial. */
function parsePlace(text: string): Place | undefined {
  const endpoint = parseEndpoint(text)
  if (endpoint !== undefined) {
    const scope = SCOPED.exec(text)?.[2] ?? ''
    const { address, port } = endpoint
    return { kind: 'address', text, to: { address: `${address}${scope}`, port } }
  }
  const match = NAMED.exec(text)
  const [, name = ''] = match ?? []
  const port = Number(match?.[2])
  return isName(name) && port <= 65_535 ? { kind: 'name', text, name, port } : undefined
}

function isName(name: string): boolean {
  const labels = name.replace(/\.$/, '').split('.')
  // A name whose last label is a number is an address that somebody mistyped.
  const isNumber = /^[0-9]+$/.test(labels.at(-1)!)
  return name.length <= NAME_LENGTH_MAX && !isNumber && labels.every((label) => LABEL.test(label))
}

/** @throws EarshotError ERR_EARSHOT_BAD_OPTION, naming the option. */
export function checkPlace(option: string, text: unknown): Place {
  const place = typeof text === 'string' ? parsePlace(text) : undefined
  if (place === undefined) throw badOption(option, 'tcp://host:port, the host a name or an address')
  return place
}

/** @throws EarshotError ERR_EARSHOT_BAD_OPTION when there are names on a host that cannot resolve any. */
export function checkResolvable(
  option: string,
  places: readonly Place[],
  platform: { readonly resolve?: unknown },
): void {
  if (platform.resolve !== undefined || places.every(({ kind }) => kind === 'address')) return
  throw badOption(option, 'addresses: this host cannot resolve names')
}
