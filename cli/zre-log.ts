/** `--zre-log`: where a verb listens for the log records of other implementations (RFC 20). */
import { InvalidArgumentError, Option } from 'commander'
import { nodePlatform } from '../src/index.ts'
import type { Settings } from './common-options.ts'
import { CliError, ExitCode } from './exit-codes.ts'

/** As commander hands it on: `true` without an address. */
export type ZreLogValue = true | string

const LINK_LOCAL = '169.254.'

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

/** @throws CliError usage where it is not clear which address is meant */
export function zreLogAddress(
  value: ZreLogValue,
  { interfaces: wanted }: Pick<Settings, 'interfaces'>,
): string {
  const all = nodePlatform.interfaces().filter(({ family }) => family === 'IPv4')
  const known = all.map(({ address }) => address).join(', ')
  if (value !== true) {
    if (all.some(({ address }) => address === value)) return value
    throw new CliError(
      ExitCode.usage,
      `--zre-log: ${value} is not of this host, which has ${known}`,
    )
  }
  const ordinary = all.filter(({ address, loopback }) => {
    return !loopback && !address.startsWith(LINK_LOCAL)
  })
  const meant = all.filter(({ name, address }) => {
    return wanted?.some((entry) => entry === name || entry === address)
  })
  const [first, ...others] = wanted === undefined ? ordinary : meant
  if (first !== undefined && others.length === 0) return first.address
  throw new CliError(ExitCode.usage, `say at which address: --zre-log ADDRESS, one of ${known}`)
}
