/**
 * What a virtual machine shows, as PNG: for CreateScreenshot_Task and for /screen. The picture comes from the VMkernel,
 * which asks the machine's vmx at that moment.
 *
 * Layers: png < picture (read, cut, scale) < screen-endpoint.
 */
export { takePicture, toPng } from './picture.js';
export { ScreenEndpoint } from './screen-endpoint.js';
