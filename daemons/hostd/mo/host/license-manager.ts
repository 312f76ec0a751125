import type {
  EvaluationLicenseSource,
  LicenseAvailabilityInfo,
  LicenseFeatureInfo,
  LicenseUsageInfo,
  ManagedObjectReference,
} from '../../../../lib/vim/index.js';
import {
  defineClass,
  invalidArgument,
  type ManagedObject,
  type ObjectClass,
} from '../../../../lib/vim-server/index.js';
import { moids } from '../moids.js';
import { cpuTopology, type HostFacts } from './host-facts.js';

/** Features that the host has are enabled; nothing has to be licensed, and nothing runs out. */
const features: readonly LicenseFeatureInfo[] = [
  {
    key: 'esxFull',
    featureName: 'ESX Server Standard',
    featureDescription: 'All of what this host can do',
    state: 'enabled',
    costUnit: 'cpuPackage',
    edition: true,
  },
  {
    key: 'nas',
    featureName: 'NAS',
    featureDescription: 'Datastores that are folders of a file server',
    state: 'enabled',
    costUnit: 'host',
    edition: false,
  },
];

const edition = 'esxFull';

/** Licenses of the host: it evaluates itself, without end. */
export class LicenseManager implements ManagedObject {
  readonly ref = moids.licenseManager;
  readonly objectClass: ObjectClass = licenseManagerClass;
  readonly #facts: HostFacts;

  constructor(facts: HostFacts) {
    this.#facts = facts;
  }

  get source(): EvaluationLicenseSource {
    return { _type: 'EvaluationLicenseSource' };
  }

  get features(): LicenseFeatureInfo[] {
    return features.map(feature => ({ ...feature }));
  }

  usage(): LicenseUsageInfo {
    const reservationInfo = features.map(feature => ({
      key: feature.key,
      state: 'licensed' as const,
      required: this.#cost(feature),
    }));
    return { source: this.source, sourceAvailable: true, reservationInfo, featureInfo: this.features };
  }

  availability(): LicenseAvailabilityInfo[] {
    return this.features.map(feature => {
      const total = this.#cost(feature);
      return { feature, total, available: total };
    });
  }

  isEnabled(key: string): boolean {
    const feature = features.find(one => one.key === key);
    if (feature === undefined) throw invalidArgument('featureKey');
    return feature.state === 'enabled';
  }

  #cost({ costUnit }: LicenseFeatureInfo): number {
    return costUnit === 'cpuPackage' ? cpuTopology(this.#facts).packages.length : 1;
  }
}

function requireOwnHost(host: ManagedObjectReference | undefined): void {
  if (host !== undefined && host.value !== moids.host.value) throw invalidArgument('host');
}

export const licenseManagerClass: ObjectClass = defineClass<'LicenseManager', LicenseManager>(
  'LicenseManager',
  {
    properties: {
      source: manager => manager.source,
      sourceAvailable: () => true,
      featureInfo: manager => manager.features,
      licensedEdition: () => edition,
      licenses: () => [],
      evaluation: () => ({ properties: [] }),
    },
    methods: {
      QuerySupportedFeatures: (manager, { host }) => {
        requireOwnHost(host);
        return manager.features;
      },
      QueryLicenseSourceAvailability: (manager, { host }) => {
        requireOwnHost(host);
        return manager.availability();
      },
      QueryLicenseUsage: (manager, { host }) => {
        requireOwnHost(host);
        return manager.usage();
      },
      CheckLicenseFeature: (manager, { host, featureKey }) => {
        requireOwnHost(host);
        return manager.isEnabled(featureKey);
      },
    },
  },
);
