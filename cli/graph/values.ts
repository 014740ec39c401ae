/** What the command line of `earshot graph` says, as commander hands it on. */

export const GRAPH_FORMATS = ['text', 'dot', 'mermaid', 'json'] as const

/** `text` is one of two: for people, and for programs. */
export type GraphFormat = Exclude<(typeof GRAPH_FORMATS)[number], 'text'> | 'matrix' | 'fields'

export interface GraphValues {
  readonly format: (typeof GRAPH_FORMATS)[number]
  readonly strict?: boolean
  readonly from?: string
}
