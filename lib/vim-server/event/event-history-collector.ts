import type { Event, EventFilterSpec } from '../../vim/index.js';
import { HistoryCollector, type HistorySource, historyCollectorClass } from '../history/history-collector.js';
import { defineClass, type ObjectClass } from '../object/managed-object.js';
import type { Session } from '../session/session.js';
import { type EventCondition, eventCondition } from './event-filter.js';

export class EventHistoryCollector extends HistoryCollector<Event, EventCondition> {
  override readonly objectClass: ObjectClass = eventHistoryCollectorClass;
  readonly #hasNoText: boolean;

  constructor(
    filter: EventFilterSpec,
    session: Session,
    source: HistorySource<Event, EventCondition> & { readonly schema: Parameters<typeof eventCondition>[0] },
  ) {
    const condition = eventCondition(source.schema, filter);
    const type = 'EventHistoryCollector';
    super({ type, filterType: 'EventFilterSpec', filter, condition }, session, source);
    this.#hasNoText = filter.disableFullMessage ?? false;
  }

  override latestPage(): Event[] {
    return this.#shown(super.latestPage());
  }

  override readNext(maxCount: number): Event[] {
    return this.#shown(super.readNext(maxCount));
  }

  override readPrevious(maxCount: number): Event[] {
    return this.#shown(super.readPrevious(maxCount));
  }

  #shown(events: Event[]): Event[] {
    return this.#hasNoText ? events.map(withoutText) : events;
  }
}

export function withoutText(event: Event): Event {
  return { ...event, fullFormattedMessage: undefined };
}

export const eventHistoryCollectorClass = defineClass<'EventHistoryCollector', EventHistoryCollector>(
  'EventHistoryCollector',
  {
    properties: { latestPage: collector => collector.latestPage() },
    methods: {
      ReadNextEvents: (collector, { maxCount }) => collector.readNext(maxCount),
      ReadPreviousEvents: (collector, { maxCount }) => collector.readPrevious(maxCount),
    },
  },
  historyCollectorClass,
);
