/** `--zre-log`: where a verb listens for the log records of other implementations (RFC 20). */
import { InvalidArgumentError, Option } from 'commander'
import { nodePlatform, selectInterfaces } from '../src/index.ts'
import type { Settings } from './common-options.ts'
import { CliError, ExitCode } from './exit-codes.ts'

/** As commander hands it on: `true` without an address. */
export type ZreLogValue = true | string

export function zreLogOption(): Option {
  return new Option(
    '--zre-log [address]',
    'also take what other implementations send as ZRE/LOG; at this address of the host, where it has several',
  ).argParser(addressOption)
}

function addressOption(text: string): string {
  const parts = text.split('.')
  const isAddress = parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part))
  if (!isAddress) throw new InvalidArgumentError('Expected an IPv4 address of this host.')
  return text
}

/**
 * The address given; without one, that of the node, if it is on one interface.
 *
 * @throws CliError usage where it is not clear which address is meant
 */
export function zreLogAddress(
  value: ZreLogValue,
  { interfaces: wanted }: Pick<Settings, 'interfaces'>,
): string {
  const { all, used } = selectInterfaces(nodePlatform.interfaces(), wanted)
  const own = all.flatMap(({ family, address }) => (family === 'IPv4' ? [address] : []))
  const known = own.join(', ')
  if (value !== true) {
    if (own.includes(value)) return value
    throw new CliError(
      ExitCode.usage,
      `--zre-log: ${value} is not of this host, which has ${known}`,
    )
  }
  const [first, ...others] = used
  if (first !== undefined && others.length === 0) return first.address
  throw new CliError(ExitCode.usage, `say at which address: --zre-log ADDRESS, one of ${known}`)
}
