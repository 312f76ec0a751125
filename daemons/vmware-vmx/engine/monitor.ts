/** What an engine can do; what it lacks is refused at power-on, never pretended. */
export interface MonitorCapabilities {
  /** cooperative: runs in slices that this process calls; preemptive: Linux runs its threads. */
  readonly dispatch: 'cooperative' | 'preemptive';
  readonly maxVcpus: number;
  readonly guest64Bit: boolean;
  readonly maxMemoryMb: number;
  /** Whether RAM may lie behind a userfaultfd, and of which kind. */
  readonly userfaultfd: 'full' | 'user' | 'none';
  readonly stop: 'slice' | 'thread' | 'vm';
  readonly ideDisks: number;
  readonly serialPorts: number;
}

/** Screen of a VM in a text mode; `lines` is empty in a graphics mode. */
export interface TextScreen {
  readonly columns: number;
  readonly lines: readonly string[];
  readonly graphics: boolean;
}

/** How a guest was executed since power-on; read between slices. */
export interface ExecutionCounts {
  /** Instructions outside ring 0. */
  readonly userInstructions: number;
  /** What an instruction outside ring 0 and one in it takes of late; only their ratio counts. */
  readonly userNs: number;
  readonly kernelNs: number;
  /** Time in slices that the guest did not compute: its devices, the translation of its code. */
  readonly monitorMs: number;
  readonly interrupts: number;
  /** … by its timers. */
  readonly timerInterrupts: number;
}

/**
 * A virtual machine monitor of one virtual CPU, as its thread drives it. Nothing happens between calls: the guest
 * runs only inside `runSlice`, and everything that reaches it from outside enters by the other methods.
 */
export interface VirtualMachineMonitor {
  readonly capabilities: MonitorCapabilities;
  /**
   * Runs the guest for about 1 ms, or 0.1 ms when `short`.
   * @returns 0 when it is runnable, else ms until the next timer of a halted guest (at most 100)
   * @throws EngineTrap when the engine gives up: the VM is over
   */
  runSlice(short: boolean): number;
  /** Guest instructions executed since power-on. */
  readonly instructions: number;
  readonly translations: number;
  /** The same object at every call, up to date. */
  readonly execution: ExecutionCounts;
  /** Delivers completions of disks; true when one arrived, so that a halted guest has work. */
  pollDevices(): boolean;
  /** Feeds queued serial input as the guest drains its FIFOs; true when some was fed. */
  feedSerial(): boolean;
  /** @returns bytes taken; the rest does not fit now */
  sendSerial(index: number, bytes: Uint8Array): number;
  takeSerial(index: number): Uint8Array | undefined;
  /** The reset button. */
  reset(): void;
  textScreen(): TextScreen;
}
