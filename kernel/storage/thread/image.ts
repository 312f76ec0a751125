/** A stretch of a virtual disk and the open file that holds it. */
export interface ImageExtent {
  readonly fd: number;
  readonly startBytes: number;
  readonly lengthBytes: number;
  /** Where the stretch begins in the file. */
  readonly fileOffsetBytes: number;
}

/** Where the bytes of a flat virtual disk are. Extents are in order and leave no gap. */
export class DiskImage {
  readonly sizeBytes: number;

  constructor(readonly extents: readonly ImageExtent[]) {
    this.sizeBytes = extents.reduce((sum, extent) => sum + extent.lengthBytes, 0);
  }

  extentAt(offsetBytes: number): ImageExtent | undefined {
    let low = 0;
    let high = this.extents.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.extents[middle]?.startBytes ?? 0) <= offsetBytes) low = middle;
      else high = middle - 1;
    }
    return this.extents[low];
  }
}
