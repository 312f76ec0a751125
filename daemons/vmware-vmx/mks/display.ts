/** What a viewer sees of a VM and sends to it. */
export type { Display, DisplayListener, InputSink, KeyboardLights, Rect } from '../../../lib/rfb/index.js';
