/** The views that a recording can be replayed through, by name. Each is loaded when it is opened. */
import type { ViewKind } from './view.ts'

export const VIEWS: Readonly<Record<string, ViewKind>> = {
  logs: {
    about: 'log records',
    filters: ['level', 'group', 'peer', 'field', 'grep', 'ignoreCase'],
    open: async (context) => {
      const { LogsView } = await import('./logs-view.ts')
      return new LogsView(context)
    },
  },
  trace: {
    about: 'traced messages',
    filters: ['group', 'peer'],
    open: async (context) => {
      const { TraceView } = await import('./trace-view.ts')
      return new TraceView(context)
    },
  },
  events: {
    about: 'events of the recorder',
    filters: ['group', 'peer'],
    open: async (context) => {
      const { EventsView } = await import('./events-view.ts')
      return new EventsView(context)
    },
  },
  top: {
    about: 'tables of all nodes, as `earshot top`',
    filters: ['peer'],
    open: async (context) => {
      const { peers } = context.filter
      const { TopView } = await import('../top/recorded.ts')
      return new TopView(context, { sort: 'name', ...(peers.length > 0 && { peer: peers }) })
    },
  },
  graph: {
    about: 'who saw whom in the end, as `earshot graph`',
    filters: [],
    open: async ({ out, asJson }) => {
      const { GraphView } = await import('../graph/recorded.ts')
      return new GraphView(out, asJson ? 'json' : 'matrix')
    },
  },
}
