import { expect, it } from 'vitest'
import { EMPTY_BYTES, utf8Encode } from '../../../src/base/bytes.ts'
import { DEFAULT_LIMITS } from '../../../src/base/limits.ts'
import { type Visit, type VisitOptions, visit } from '../../../src/discovery/visit.ts'
import type { ByteStream } from '../../../src/runtime/platform.ts'
import { ZmtpConnection } from '../../../src/zmtp/connection.ts'
import { NullMechanism } from '../../../src/zmtp/null-mechanism.ts'
import { parseEndpoint } from '../../../src/zre/endpoint.ts'
import { useWorlds } from '../../support/worlds.ts'

const world = useWorlds()
const PORT = 50_000

type Answer = (chunk: Uint8Array) => readonly Uint8Array[]

/** What a visit sees of a host that answers a dialler with the bytes that it is given. */
async function visited(answer: Answer, options: VisitOptions = {}): Promise<Visit> {
  const w = world()
  const [host, other] = [w.host(), w.host()]
  const streams: ByteStream[] = []
  const listener = await other.listen(
    { address: '0.0.0.0', port: PORT },
    {
      accepted: (stream) => {
        streams.push(stream)
        return { bytes: (chunk) => stream.write(answer(chunk)), drained() {}, ended() {} }
      },
      failed() {},
    },
  )
  const seen = await w.wait(visit(host, { address: other.address, port: PORT }, options))
  await w.run(10)
  for (const each of streams) each.destroy()
  listener.close()
  return seen
}

it('a visit tells whose mailbox of earshot it is, and leaves no peer, no warning and no connection', async () => {
  const w = world()
  const node = await w.node()
  const [endpoint = ''] = node.endpoints()
  const host = w.host()
  const seen = await w.wait(visit(host, parseEndpoint(endpoint)!))
  expect(seen).toMatchObject({
    kind: 'mailbox',
    implementation: 'earshot',
    id: node.id,
    extensions: '1',
    from: host.address,
  })
  await w.run(100)
  const { mesh, warnings, peers } = node.metrics()
  expect([mesh.visitors, warnings, peers]).toEqual([1, {}, []])
  expect(host.streams.size).toBe(0)
})

it('a visit takes a ROUTER without an identity for one of libzmq', async () => {
  const zmtp = new ZmtpConnection({
    role: 'acceptor',
    identity: EMPTY_BYTES,
    mechanism: new NullMechanism(),
    limits: DEFAULT_LIMITS,
  })
  const seen = await visited((chunk) => {
    zmtp.handleBytes(chunk)
    if (zmtp.poll().kind === 'offer') zmtp.accept()
    return zmtp.takeSegments()
  })
  expect(seen).toMatchObject({ kind: 'mailbox', implementation: 'libzmq' })
})

it('a visit names what answers and is no mailbox', async () => {
  const seen = await visited(() => [utf8Encode('HTTP/1.1 400 Bad Request\r\n\r\n')])
  expect(seen).toMatchObject({ kind: 'mismatch', code: 'zmtp-unversioned' })
})

it('a visit tells refusal from silence, within its limit', async () => {
  const w = world()
  const nowhere = { address: w.host().address, port: PORT }
  expect(await w.wait(visit(w.host(), nowhere))).toMatchObject({
    kind: 'failed',
    failure: 'refused',
  })
  expect(await visited(() => [], { limitMs: 700 })).toMatchObject({
    kind: 'failed',
    failure: 'timeout',
    ms: 700,
  })
})

it('a visit ends at once when it is aborted', async () => {
  const seen = await visited(() => [], { signal: AbortSignal.abort() })
  expect(seen).toMatchObject({ kind: 'failed', failure: 'timeout', ms: 0 })
})
