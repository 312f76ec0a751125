import type { HostDateTimeInfo, HostDateTimeSystemTimeZone } from '../../../../lib/vim/index.js';
import {
  defineClass,
  type ManagedObject,
  type ObjectClass,
  type ObjectRegistry,
} from '../../../../lib/vim-server/index.js';
import { consoleTimeZone, type TimeZone, timeZones } from '../../console/console-clock.js';
import { moids } from '../moids.js';

/** The host's clock is the machine's: it is told, not set. */
export class HostDateTimeSystem implements ManagedObject {
  readonly ref = moids.dateTimeSystem;
  readonly objectClass: ObjectClass = hostDateTimeSystemClass;
  readonly registry: ObjectRegistry;
  readonly #consoleRoot: string;

  constructor(dependencies: { readonly registry: ObjectRegistry; readonly consoleRoot: string }) {
    this.registry = dependencies.registry;
    this.#consoleRoot = dependencies.consoleRoot;
  }

  dateTimeInfo(): HostDateTimeInfo {
    return { timeZone: described(consoleTimeZone(this.#consoleRoot)) };
  }
}

function described({ key, gmtOffsetSeconds }: TimeZone): HostDateTimeSystemTimeZone {
  return { key, name: key, description: key, gmtOffset: gmtOffsetSeconds };
}

export const hostDateTimeSystemClass: ObjectClass = defineClass<'HostDateTimeSystem', HostDateTimeSystem>(
  'HostDateTimeSystem',
  {
    properties: { dateTimeInfo: system => system.dateTimeInfo() },
    methods: {
      QueryAvailableTimeZones: () => timeZones().map(described),
      QueryDateTime: () => new Date(),
      RefreshDateTimeSystem: system => system.registry.changed(system, 'dateTimeInfo'),
    },
  },
);
