import type { DataTypes, Event, ManagedObjectReference } from '../../vim/index.js';

/** Names of the schema's event types. */
export type EventTypeName = {
  [N in keyof DataTypes]: DataTypes[N] extends Event ? N : never;
}[keyof DataTypes];

type FilledIn = 'key' | 'chainId' | 'createdTime' | 'userName' | 'fullFormattedMessage';

/** An event's own fields: the common ones are filled in when it is posted. */
export type EventFields<N extends EventTypeName> = Omit<DataTypes[N], FilledIn>;

/** What an event is about. */
export interface EventEntity {
  readonly ref: ManagedObjectReference;
  readonly name: string;
}

export interface EventCause {
  /** Fills in the arguments that say where it happened: vm, host and what is above them. */
  readonly entity?: EventEntity | undefined;
  /** Nobody's name: the host did it by itself. */
  readonly userName?: string | undefined;
  /** Joins the events of one operation. A new event begins its own chain. */
  readonly chainId?: number | undefined;
}
