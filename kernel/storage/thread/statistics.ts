import { mapFile, nowUs } from '../../../lib/linux/index.js';
import { StorageFileWriter } from '../../abi/index.js';

/** What was done for one VM since its power-on. */
export class VmFigures {
  reads = 0;
  writes = 0;
  otherCommands = 0;
  readBytes = 0;
  writtenBytes = 0;
  latencyUs = 0;
  cpuUs = 0;
  errors = 0;

  constructor(
    readonly row: number,
    readonly generation: number,
  ) {}
}

/** The statistics file's only writer. */
export class StorageStatistics {
  readonly #file: StorageFileWriter;

  constructor(path: string) {
    this.#file = new StorageFileWriter(mapFile(path, StorageFileWriter.SIZE_BYTES, true).memory);
  }

  publish(figures: VmFigures): void {
    const { row } = figures;
    const table = this.#file.storageVm;
    table.beginWrite(row);
    table.setGeneration(row, figures.generation);
    table.setReads(row, figures.reads);
    table.setWrites(row, figures.writes);
    table.setOtherCommands(row, figures.otherCommands);
    table.setReadBytes(row, figures.readBytes);
    table.setWrittenBytes(row, figures.writtenBytes);
    table.setLatencyUs(row, figures.latencyUs);
    table.setCpuUs(row, figures.cpuUs);
    table.setErrors(row, figures.errors);
    table.setTakenUs(row, nowUs());
    table.endWrite(row);
  }
}
