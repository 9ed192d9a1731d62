import { readFile } from 'node:fs/promises';

const switches = {
  ipv4: { file: '/proc/sys/net/ipv4/ip_forward', name: 'net.ipv4.ip_forward' },
  ipv6: { file: '/proc/sys/net/ipv6/conf/all/forwarding', name: 'net.ipv6.conf.all.forwarding' },
} as const;

/** The names of switches that are off and that forwarding of these families needs. A family that the kernel lacks has none. */
export async function forwardingSwitchesOff(wanted: { readonly ipv4: boolean; readonly ipv6: boolean }): Promise<readonly string[]> {
  const off: string[] = [];
  for (const family of ['ipv4', 'ipv6'] as const) {
    const { file, name } = switches[family];
    if (wanted[family] && (await readFile(file, 'utf8').catch(() => '1')).trim() === '0') off.push(name);
  }
  return off;
}
