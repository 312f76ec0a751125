import { invalidArgument } from '../../../lib/vim-server/index.js';

/** What shadow-utils, ssh and a file name all take; never an option, a path or a second field. */
const namePattern = /^[a-z_][a-z0-9_.-]{0,30}$/;
const maxDescriptionLength = 256;
const maxPasswordBytes = 512;
const maxPosixId = 60_000;
const firstUserId = 500;
const nobodyId = 65_534;

/** @throws VimFault InvalidArgument */
export function checkAccountName(name: string, property: string): void {
  if (!namePattern.test(name)) throw invalidArgument(property, 'The name is not valid.');
}

/** A line of chpasswd(8) is all that a password may be. @throws VimFault InvalidArgument */
export function checkPassword(password: string): void {
  const bytes = Buffer.byteLength(password);
  if (bytes === 0 || bytes > maxPasswordBytes || hasControls(password)) {
    throw invalidArgument('user.password');
  }
}

/** A field of passwd(5). @throws VimFault InvalidArgument */
export function checkDescription(description: string): void {
  if (description.length > maxDescriptionLength || /[:,]/.test(description) || hasControls(description)) {
    throw invalidArgument('user.description');
  }
}

/** 0 would be another root. @throws VimFault InvalidArgument */
export function checkPosixId(id: number, property: string): void {
  if (!Number.isInteger(id) || id < 1 || id > maxPosixId) throw invalidArgument(property);
}

/** Accounts that the console itself needs: those of daemons, and nobody. */
export function isSystemId(id: number): boolean {
  return id < firstUserId || id === nobodyId;
}

function hasControls(text: string): boolean {
  return /\p{Cc}/u.test(text);
}
