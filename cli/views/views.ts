/** The views that a recording can be replayed through, by name. */
import { EventsView } from './events-view.ts'
import { LogsView } from './logs-view.ts'
import { TraceView } from './trace-view.ts'
import type { ViewKind } from './view.ts'

export const VIEWS: Readonly<Record<string, ViewKind>> = {
  logs: { about: 'log records', open: (context) => new LogsView(context) },
  trace: { about: 'traced messages', open: (context) => new TraceView(context) },
  events: { about: "the recorder's own events", open: (context) => new EventsView(context) },
}
