/**
 * esxcfg-resgrp: resource pools of the host as a tree of groups.
 *
 *   command-line   what is wanted; pure     groups   paths, settings, the tree's text; pure     main   asks the VMkernel
 *
 * - The VMkernel alone admits and keeps them; what is changed holds at once. The product's output is not documented:
 *   this one is our own.
 */
export * from './command-line.js';
export * from './groups.js';
