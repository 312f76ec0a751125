import { I8042 } from '../devices/i8042.js';
import type { EngineCpu, PrivateEmulator } from './private-api.js';

const DATA_PORT = 0x60;
const STATUS_PORT = 0x64;
/** Scancodes that wait for the guest; the VMX thread holds the rest. */
const KEY_QUEUE_BYTES = 512;
/** v86 switches the backdoor's mouse off when 1024 words wait; moves are left out before that. */
const BACKDOOR_QUEUE_WORDS = 256;

/** The pointer of a viewer: a position in the picture, and how it came there. */
export interface PointerEvent {
  readonly x: number;
  readonly y: number;
  /** Of the picture that the position is in. */
  readonly width: number;
  readonly height: number;
  readonly dx: number;
  readonly dy: number;
  /** 1 left, 2 right, 4 middle. */
  readonly buttons: number;
  /** Steps of the wheel, up is negative. */
  readonly wheel: number;
}

/** Keyboard and mouse: our controller in place of v86's, and v86's mouse behind the backdoor. */
export class EngineInput {
  readonly #cpu: EngineCpu;
  readonly #bus: PrivateEmulator['bus'];
  readonly #controller: I8042;
  readonly #keys = new Uint8Array(KEY_QUEUE_BYTES);
  #first = 0;
  #length = 0;
  #lights = 0;
  #buttons = 0;
  #taken = 0;

  constructor({ v86: { cpu }, bus }: PrivateEmulator) {
    this.#cpu = cpu;
    this.#bus = bus;
    const controller = new I8042({
      raiseIrq: line => cpu.device_raise_irq(line),
      lowerIrq: line => cpu.device_lower_irq(line),
      reset: () => cpu.reboot_internal(),
      lights: bits => {
        this.#lights = bits;
      },
    });
    this.#controller = controller;
    cpu.io.register_read(DATA_PORT, controller, () => controller.readData());
    cpu.io.register_read(STATUS_PORT, controller, () => controller.readStatus());
    cpu.io.register_write(DATA_PORT, controller, value => controller.writeData(value));
    cpu.io.register_write(STATUS_PORT, controller, value => controller.writeCommand(value));
  }

  /** Bits of the keyboard's lights: 1 Scroll Lock, 2 Num Lock, 4 Caps Lock. */
  get lights(): number {
    return this.#lights;
  }

  /** Whether the guest takes positions of the pointer, through the backdoor. */
  get absolute(): boolean {
    const { vmware } = this.#cpu.devices;
    return vmware.enabled && vmware.absolute;
  }

  /** @returns how many were taken; the rest does not fit now */
  sendKeys(bytes: Uint8Array): number {
    const count = Math.min(bytes.length, KEY_QUEUE_BYTES - this.#length);
    for (let i = 0; i < count; i++)
      this.#keys[(this.#first + this.#length++) % KEY_QUEUE_BYTES] = bytes[i] ?? 0;
    return count;
  }

  point(event: PointerEvent): void {
    const { devices } = this.#cpu;
    const { mouse } = this.#controller;
    if (!this.absolute) {
      mouse.move(event.dx, event.dy, event.wheel, event.buttons);
      return;
    }
    if (devices.vmware.queue.length > BACKDOOR_QUEUE_WORDS) return;
    this.#bus.send('mouse-absolute', [event.x, event.y, event.width - 1, event.height - 1]);
    if (event.buttons !== this.#buttons) this.#bus.send('mouse-click', this.#clicks(event.buttons));
    if (event.wheel !== 0) this.#bus.send('mouse-wheel', [-event.wheel]);
    mouse.nudge();
  }

  /** Gives the guest what it is ready for. @returns whether it has something to look at */
  feed(): boolean {
    let moved = this.#controller.pump();
    if (this.#length > 0 && this.#controller.offerKey(this.#keys[this.#first] ?? 0)) {
      this.#first = (this.#first + 1) % KEY_QUEUE_BYTES;
      this.#length--;
      this.#taken++;
      moved = true;
    }
    return moved;
  }

  /** Scancodes that have left the queue since the last call. */
  takeCount(): number {
    const count = this.#taken;
    this.#taken = 0;
    return count;
  }

  reset(): void {
    this.#taken += this.#length;
    this.#length = 0;
    this.#controller.reset();
  }

  /** As v86's bus wants them: left, middle, right. */
  #clicks(buttons: number): boolean[] {
    this.#buttons = buttons;
    return [(buttons & 1) !== 0, (buttons & 4) !== 0, (buttons & 2) !== 0];
  }
}
