/** Who the host says it is, on every way in. */
export const PRODUCT = 'VMware ESX Server 3.5.0 build-153875';
