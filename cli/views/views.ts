/** The views that a recording can be replayed through, by name. */
import { EventsView } from './events-view.ts'
import { LogsView } from './logs-view.ts'
import { TraceView } from './trace-view.ts'
import type { ViewKind } from './view.ts'

export const VIEWS: Readonly<Record<string, ViewKind>> = {
  logs: {
    about: 'log records',
    filters: ['level', 'group', 'peer', 'field', 'grep', 'ignoreCase'],
    open: (context) => new LogsView(context),
  },
  trace: {
    about: 'traced messages',
    filters: ['group', 'peer'],
    open: (context) => new TraceView(context),
  },
  events: {
    about: 'events of the recorder',
    filters: ['group', 'peer'],
    open: (context) => new EventsView(context),
  },
  // Others need not load what these take.
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
