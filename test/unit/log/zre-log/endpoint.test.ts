import { expect, it } from 'vitest'
import {
  formatCollectorEndpoint,
  parseCollectorEndpoint,
} from '../../../../src/log/zre-log/endpoint.ts'

it.each([
  ['tcp://10.0.0.7:49152', { address: '10.0.0.7', port: 49_152 }],
  ['tcp://127.0.0.1:1', { address: '127.0.0.1', port: 1 }],
  ['tcp://223.255.255.255:65535', { address: '223.255.255.255', port: 65_535 }],
])('reads and writes %s', (text, endpoint) => {
  expect(parseCollectorEndpoint(text)).toEqual(endpoint)
  expect(formatCollectorEndpoint(endpoint)).toBe(text)
})

it.each([
  '',
  'tcp://',
  'tcp://10.0.0.7',
  'tcp://10.0.0.7:0',
  'tcp://10.0.0.7:00001',
  'tcp://10.0.0.7:65536',
  'tcp://10.0.0.7:1 ',
  'TCP://10.0.0.7:1',
  'udp://10.0.0.7:1',
  'tcp://10.0.0.007:1',
  'tcp://10.0.7:1',
  'tcp://10.0.0.256:1',
  'tcp://0.0.0.0:1',
  'tcp://0.1.2.3:1',
  'tcp://224.0.0.1:1',
  'tcp://255.255.255.255:1',
  'tcp://*:1',
  'tcp://collector.example:1',
  'tcp://[::1]:1',
])('does not read "%s"', (text) => {
  expect(parseCollectorEndpoint(text)).toBeUndefined()
})
