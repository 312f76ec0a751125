/**
 * Who may do what on this host: the host's own part of lib/vim-server's authorization.
 *
 *   access-tree.ts       the inventory as permissions go along it, and what else belongs where
 *   method-rules.ts      privileges that follow from a call's arguments; vm-spec-rules.ts those of a machine's spec
 *   console-accounts.ts  users and groups of the service console, read
 *   http-callers.ts      who sends a request that is no SOAP
 *   known-passwords.ts   whether a password is right, remembered while nothing changes
 *   account-tools.ts     shadow-utils, which change them; account-name.ts what they are never given
 *
 * Invariants: an account file is never kept past a change of it; nobody is let in because a file could not be read.
 */

export { HostAccessTree } from './access-tree.js';
export { AccountTools } from './account-tools.js';
export { ConsoleAccounts } from './console-accounts.js';
export { type HttpCaller, HttpCallers } from './http-callers.js';
export { KnownPasswords } from './known-passwords.js';
export { hostMethodRules } from './method-rules.js';
