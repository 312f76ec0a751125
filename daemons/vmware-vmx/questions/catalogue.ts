/** A question before it is asked. */
export interface QuestionForm<Key extends string = string> {
  /** The product's name of the question. */
  readonly messageId: string;
  readonly text: string;
  readonly choices: readonly { readonly key: Key; readonly label: string }[];
  readonly defaultIndex: number;
}

/** At power-on, when uuid.location is of another place. */
export function movedOrCopied(name: string): QuestionForm<'cancel' | 'moved' | 'copied'> {
  return {
    messageId: 'msg.uuid.moved',
    text:
      `The files of ${name} are not where they were when it was last powered on. A copy needs an identity (UUID) of its ` +
      'own; a virtual machine that was moved keeps its old one. Were they moved or copied? If in doubt: copied.',
    choices: [
      { key: 'cancel', label: 'Cancel' },
      { key: 'moved', label: 'I moved it' },
      { key: 'copied', label: 'I copied it' },
    ],
    defaultIndex: 2,
  };
}

/** At power-on, when the file that a serial port writes to holds something. */
export function serialFileExists(
  port: string,
  fileName: string,
): QuestionForm<'append' | 'replace' | 'cancel'> {
  return {
    messageId: 'msg.serial.file.open',
    text: `The output file ${fileName} of ${port} exists. Shall new output be appended to it, or replace it?`,
    choices: [
      { key: 'append', label: 'Append' },
      { key: 'replace', label: 'Replace' },
      { key: 'cancel', label: 'Cancel' },
    ],
    defaultIndex: 0,
  };
}

/** At power-on, when the image that should lie in the CD drive is not there. */
export function imageMissing(drive: string, fileName: string): QuestionForm<'continue' | 'cancel'> {
  return {
    messageId: 'msg.device.startdisconnect',
    text: `The image ${fileName} of the CD drive ${drive} is not there. Shall the drive start without it?`,
    choices: [
      { key: 'continue', label: 'Continue without it' },
      { key: 'cancel', label: 'Cancel' },
    ],
    defaultIndex: 0,
  };
}

/** While the VM runs, when a write to a disk found no space. */
export function noSpace(disk: string): QuestionForm<'retry' | 'abort'> {
  return {
    messageId: 'msg.hbacommon.outofspace',
    text:
      `There is no space left on the datastore for the disk ${disk}. The virtual machine is paused. Free some space ` +
      'there and choose Retry, or choose Abort to power the virtual machine off.',
    choices: [
      { key: 'retry', label: 'Retry' },
      { key: 'abort', label: 'Abort' },
    ],
    defaultIndex: 0,
  };
}
