import koffi from 'koffi';
import { SystemError } from './libc.js';

/**
 * crypt(3): the hash of `key` under `setting` (a shadow entry). Slow by design: runs on a pool thread.
 * @throws SystemError EINVAL when the machine's library does not know the method
 */
export function crypt(key: string, setting: string): Promise<string> {
  const library = koffi.load('libcrypt.so.1');
  // crypt_r's state is opaque; 32 KiB is libxcrypt's size and above glibc's own.
  const crypt_r = library.func('const char *crypt_r(const char *key, const char *setting, void *data)');
  const state = new Uint8Array(1 << 18);
  return new Promise((resolve, reject) => {
    crypt_r.async(key, setting, state, (error: Error | null, hash: string | null) => {
      if (error !== null) reject(error);
      else if (hash === null || hash.startsWith('*')) reject(new SystemError('crypt', 22));
      else resolve(hash);
    });
  });
}
