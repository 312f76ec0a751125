/**
 * `service NAME ACTION`: the daemons of the service console, which init starts and keeps running. What is none of init's
 * is a script in /etc/init.d.
 *
 *   services   which daemons have which names, and what is printed
 */
export * from './services.js';
