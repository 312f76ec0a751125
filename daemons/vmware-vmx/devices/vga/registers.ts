/** A frame buffer of Bochs VBE, pixels one after the other. */
export interface LinearMode {
  readonly width: number;
  readonly height: number;
  readonly bitsPerPixel: number;
  readonly strideBytes: number;
  /** Of the first pixel, in `memory`. */
  readonly offsetBytes: number;
  readonly memory: Uint8Array;
  /** Pixels from the first row that may have changed since the last look to the last; all when it is not known. */
  dirtyRows(): { readonly first: number; readonly end: number };
}

/** Registers and memory of a VGA, named as IBM's and Intel's manuals name them; v86 keeps some of them decoded. */
export interface VgaRegisters {
  readonly mode: 'text' | 'planar' | 'linear';
  /** Screen off (SR01 bit 5) or palette in the CPU's hands (attribute index bit 5). */
  readonly blanked: boolean;

  /** The four planes of 64 KiB; in text modes the first holds characters and attributes in turn. */
  readonly planes: Uint8Array;
  /** 0x00RRGGBB, 256 entries. */
  readonly dac: Int32Array;
  /** AR00–AR0F. */
  readonly internalPalette: Uint8Array;
  readonly pelMask: number;

  /** AR10, AR12, AR13, AR14. */
  readonly attributeMode: number;
  readonly colorPlaneEnable: number;
  readonly panning: number;
  readonly colorSelect: number;
  /** SR01, SR03. */
  readonly clockingMode: number;
  readonly characterMapSelect: number;
  /** GR05. */
  readonly graphicsMode: number;
  /** CR08, CR09, CR0A, CR0B, CR0C+CR0D, CR0E+CR0F, CR13, CR14, CR17, CR18 with its high bits. */
  readonly presetRowScan: number;
  readonly maximumScanLine: number;
  readonly cursorStart: number;
  readonly cursorEnd: number;
  readonly startAddress: number;
  readonly cursorAddress: number;
  readonly offset: number;
  readonly underlineLocation: number;
  readonly crtcMode: number;
  readonly lineCompare: number;

  readonly columns: number;
  readonly rows: number;
  /** Of the planar modes. */
  readonly width: number;
  readonly height: number;
  /** Pixels from one row to the next in the planar modes. */
  readonly virtualWidth: number;
  /** Pixels (of the whole plane memory) that may have changed since the last call, in the planar modes. */
  dirtyPixels(): { readonly first: number; readonly end: number };
  linear(): LinearMode;
}
