import { type OptionValue, untyped } from '../../../../lib/vim/index.js';
import type { VmxDocument } from '../../../../lib/vmx/index.js';
import { hasPlaceOfItsOwn } from '../described-keys.js';
import { invalidSpec } from './spec-fault.js';

const keyForm = /^[^\s="#|]{1,255}$/;

/** Keys without a place in the API's description. An empty value deletes the key. */
export function applyExtraConfig(vmx: VmxDocument, options: readonly OptionValue[]): void {
  for (const { key, value } of options) {
    const plain = untyped(value) ?? '';
    const isPlain = ['string', 'number', 'boolean', 'bigint'].includes(typeof plain);
    const isSame = String(plain) === vmx.get(key);
    if (!keyForm.test(key) || !isPlain || (hasPlaceOfItsOwn(key) && !isSame))
      throw invalidSpec('extraConfig');
    if (isSame) continue;
    if (plain === '') vmx.delete(key);
    else vmx.set(key, typeof plain === 'boolean' ? plain : String(plain));
  }
}
