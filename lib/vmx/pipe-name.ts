/** A pipe is a socket in a folder of the host's, and a socket's path is short. */
const maxEncoded = 60;

export function isPipeName(text: string): boolean {
  return text !== '' && !/\p{Surrogate}/u.test(text) && encodeURIComponent(text).length <= maxEncoded;
}
