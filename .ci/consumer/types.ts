/** The installed package's types, as a program of a user sees them. Compiled, never run. */
import { createNode, EarshotError, type MeshNode } from 'earshot'
import { createNodeOn, type Platform } from 'earshot/core'

export async function start(): Promise<MeshNode> {
  const node = await createNode({ name: 'kitchen', interfaces: '127.0.0.1' })
  node.on('shout', ({ peer, group, message }) => `${peer.name} ${group} ${message.text()}`)
  for await (const event of node.events()) if (event.type === 'enter') break
  return node
}

export async function startOn(platform: Platform): Promise<string> {
  try {
    await using node = await createNodeOn(platform, { groups: ['chat'] })
    return node.name
  } catch (error) {
    return error instanceof EarshotError ? error.code : 'unknown'
  }
}
