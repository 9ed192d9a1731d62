/** What tests of forwarding in the kernel run. */
export const kernelForwardingPackages: readonly string[] = ['nftables', 'conntrack', 'iproute2'];
