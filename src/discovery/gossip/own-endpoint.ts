/**
 * Which of our mailboxes gossip tells: one, the same to all. Two hubs of CZMQ's that hold two values under one key tell each
 * other about it without end.
 */
import { isLinkLocalIpv6 } from '../../base/ipv6.ts'
import type { Mailbox } from '../../runtime/candidate.ts'
import { formatEndpoint } from '../../zre/endpoint.ts'

/**
 * The endpoint to publish; '' when there is none. Best is a mailbox at an address that we talk to a hub or a client
 * from: whoever hears of us is likely to reach it, too. What was chosen for that reason stays, as long as it exists.
 */
export function chooseOwnEndpoint(
  mailboxes: readonly Mailbox[],
  spokenFrom: readonly string[],
  before: { readonly address: string; readonly port: number } | undefined,
): Mailbox | undefined {
  const usable = mailboxes.filter(({ address }) => !isLinkLocalIpv6(address))
  const all = usable.length > 0 ? usable : mailboxes
  const isBefore = (each: Mailbox): boolean =>
    each.address === before?.address && each.port === before.port
  const spoken = all.filter(({ address }) => spokenFrom.includes(address))
  const best = spokenFrom.flatMap((from) => spoken.filter(({ address }) => address === from))
  return spoken.find(isBefore) ?? best[0] ?? all.find(isBefore) ?? all[0]
}

export function endpointOf(mailbox: Mailbox | undefined): string {
  return mailbox === undefined ? '' : formatEndpoint(mailbox.address, mailbox.port)
}
