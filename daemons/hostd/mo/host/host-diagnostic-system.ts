import { defineClass, type ManagedObject, type ObjectClass } from '../../../../lib/vim-server/index.js';
import { moids } from '../moids.js';

/** There is no disk of the host's own, and so no partition that could take a dump. */
export class HostDiagnosticSystem implements ManagedObject {
  readonly ref = moids.diagnosticSystem;
  readonly objectClass: ObjectClass = hostDiagnosticSystemClass;
}

export const hostDiagnosticSystemClass: ObjectClass = defineClass<
  'HostDiagnosticSystem',
  HostDiagnosticSystem
>('HostDiagnosticSystem', {
  properties: { activePartition: () => undefined },
  methods: { QueryAvailablePartition: () => [], QueryPartitionCreateOptions: () => [] },
});
