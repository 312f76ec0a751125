import { vimFault } from '../object/vim-fault.js';

export const supportedLocales: readonly string[] = ['en', 'en_US'];

/** @throws VimFault InvalidLocale */
export function checkLocale(locale: string | undefined): void {
  if (locale === undefined || locale === '' || supportedLocales.includes(locale)) return;
  throw vimFault('InvalidLocale', {}, 'The server does not speak this locale.');
}
