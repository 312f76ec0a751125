/**
 * `vmware`: what is installed here. Owns the product's name on the command line; asks nobody, so that it answers on a
 * host whose VMkernel is down.
 */
export * from './command.js';
