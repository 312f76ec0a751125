import type { HostFirewallInfo } from '../../../../lib/vim/index.js';
import { defineClass, type ManagedObject, type ObjectClass } from '../../../../lib/vim-server/index.js';
import { moids } from '../moids.js';

/** The service console has no firewall: nothing is blocked, and there are no rules. */
export class HostFirewallSystem implements ManagedObject {
  readonly ref = moids.firewallSystem;
  readonly objectClass: ObjectClass = hostFirewallSystemClass;
}

export const firewallInfo: HostFirewallInfo = {
  defaultPolicy: { incomingBlocked: false, outgoingBlocked: false },
  ruleset: [],
};

export const hostFirewallSystemClass: ObjectClass = defineClass<'HostFirewallSystem', HostFirewallSystem>(
  'HostFirewallSystem',
  {
    properties: { firewallInfo: () => firewallInfo },
    methods: { RefreshFirewall: () => undefined },
  },
);
