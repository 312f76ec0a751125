/**
 * Keys that say what the machine is made of, who it is, or how its file is to be read: they hold from one power-on to
 * the next. Connections of devices change by themselves; `startConnected` is for the next power-on.
 */
const FIXED =
  /^(?:\.encoding|config\.version|virtualhw\.version|guestos|memsize|numvcpus|firmware|nvram|uuid\..*|sched\.swap\..*|(?:ide|scsi|ethernet|floppy|serial|parallel|usb|sound|svga|vmci|pcibridge)\d*(?:[.:].*)?)$/;
const START_CONNECTED = /^[a-z]+\d+(?::\d+)?\.startconnected$/;

/** Whether a running VM's .vmx may change this key: everything may that is not fixed. */
export function changesWhileRunning(key: string): boolean {
  const folded = key.toLowerCase();
  return START_CONNECTED.test(folded) || !FIXED.test(folded);
}
