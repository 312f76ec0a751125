/**
 * esxcfg-advcfg: the VMkernel's advanced options.
 *
 *   command-line   what is wanted; pure     texts   the forms of the output; pure     main   asks the VMkernel
 *
 * - The VMkernel alone knows the options, checks values, keeps them in esx.conf and acts on them.
 */
export * from './command-line.js';
export * from './texts.js';
