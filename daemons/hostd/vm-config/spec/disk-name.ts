import type { DiskCreation, VmPlace } from './spec-context.js';

/**
 * The first free one of `vm.vmdk`, `vm_1.vmdk` … in the machine's folder; on another datastore in a folder of the
 * same name.
 * @param label `[label]` or nothing
 */
export function freeDiskPath(place: VmPlace, label: string, planned: readonly DiskCreation[]): string {
  const volume = label.trim() === '' || label.trim() === '[]' ? undefined : place.resolve(label.trim());
  const ownVolume = place.folderPath.split('/').slice(0, 4).join('/');
  const isOwn = volume === undefined || volume === ownVolume;
  const folder = isOwn ? place.folderPath : volume + place.folderPath.slice(ownVolume.length);
  for (let number = 0; ; number += 1) {
    const path = `${folder}/${place.baseName}${number === 0 ? '' : `_${number}`}.vmdk`;
    if (!place.isTaken(path) && !planned.some(disk => disk.path === path)) return path;
  }
}
