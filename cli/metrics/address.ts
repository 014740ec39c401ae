/** Where the metrics are served: `[address:]port`, as `--metrics` takes it. */
import { isIP } from 'node:net'
import { InvalidArgumentError } from 'commander'

export interface MetricsAddress {
  /** Of an interface of this host. */
  readonly address: string
  /** 0 lets the host choose. */
  readonly port: number
}

/** What the metrics say of peers is nobody else's business unless somebody says so. */
const ADDRESS_DEFAULT = '127.0.0.1'

/** For commander. IPv6 addresses stand in brackets: `[::1]:9464`. */
export function metricsOption(text: string): MetricsAddress {
  const match = /^(?:(?:\[([^\]]+)\]|([^:[\]]*)):)?(\d{1,5})$/.exec(text)
  const [, inBrackets, plain, digits] = match ?? []
  const port = Number(digits)
  const address = inBrackets ?? plain ?? ADDRESS_DEFAULT
  const isAddress = isIP(address) === (inBrackets === undefined ? 4 : 6)
  if (match === null || !isAddress || port > 65_535) {
    throw new InvalidArgumentError(
      'Expected a port, or an IP address and a port, such as 9464, 127.0.0.1:9464 or [::1]:9464.',
    )
  }
  return { address, port }
}

/** As in a URL: `127.0.0.1:9464`. */
export function formatAddress({ address, port }: MetricsAddress): string {
  return isIP(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`
}
