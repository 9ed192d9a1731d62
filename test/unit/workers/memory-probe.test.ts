import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MemoryProbe } from '../../../src/workers/memory-probe.ts';

const gib = 1024 ** 3;

/** A machine of 16 GiB with these files, this process holding 1 GiB; two processes share the limit. */
function probeOf(files: Record<string, string>): MemoryProbe {
  const read = (path: string): Promise<string | undefined> => Promise.resolve(files[path]);
  return new MemoryProbe(2, { read, residentBytes: () => gib, machineBytes: 16 * gib });
}

const v2 = {
  'memory.max': `${2 * gib}\n`,
  'memory.current': `${gib}\n`,
  'memory.stat': `anon 5\ninactive_file ${gib / 4}\nactive_file 7\n`,
};

function under(folder: string, files: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([name, text]) => [`${folder}/${name}`, text]));
}

const ofGroup = { usedBytes: 0.75 * gib, limitBytes: 2 * gib, shareBytes: gib };
const ofMachine = { usedBytes: gib, limitBytes: 8 * gib, shareBytes: 8 * gib };

describe('memory', () => {
  test("is that of the control group, cache that can be dropped taken off (version 2, the container's root)", async () => {
    const probe = probeOf({ '/proc/self/cgroup': '0::/\n', ...under('/sys/fs/cgroup', v2) });
    assert.deepEqual(await probe.read(), ofGroup);
  });

  test("is found where the group's own path is not mounted", async () => {
    const probe = probeOf({ '/proc/self/cgroup': '0::/../pod1/c1\n', ...under('/sys/fs/cgroup', v2) });
    assert.deepEqual(await probe.read(), ofGroup);
  });

  test('is that of the tightest group around us', async () => {
    const own = { ...v2, 'memory.max': 'max\n' };
    const loose = { ...v2, 'memory.max': `${4 * gib}\n`, 'memory.current': '0\n' };
    const probe = probeOf({
      '/proc/self/cgroup': '0::/slice/pod/c\n',
      ...under('/sys/fs/cgroup/slice/pod/c', own),
      ...under('/sys/fs/cgroup/slice/pod', v2),
      ...under('/sys/fs/cgroup/slice', loose),
    });
    assert.deepEqual(await probe.read(), ofGroup);
  });

  test('is read from version 1 too, beside an empty version 2', async () => {
    const v1 = {
      'memory.limit_in_bytes': `${2 * gib}\n`,
      'memory.usage_in_bytes': `${gib}\n`,
      'memory.stat': `inactive_file 3\ntotal_inactive_file ${gib / 4}\n`,
    };
    const lines = '9:name=systemd:/\n4:cpu,memory:/docker/1\n0::/\n';
    assert.deepEqual(await probeOf({ '/proc/self/cgroup': lines, ...under('/sys/fs/cgroup/memory/docker/1', v1) }).read(), ofGroup);
  });

  test("is our own against our share of the machine without a limit, or with one above the machine's memory", async () => {
    assert.deepEqual(await probeOf({}).read(), ofMachine);
    const unlimited = { ...v2, 'memory.max': 'max\n' };
    assert.deepEqual(await probeOf({ '/proc/self/cgroup': '0::/\n', ...under('/sys/fs/cgroup', unlimited) }).read(), ofMachine);
    const huge = { 'memory.limit_in_bytes': '9223372036854771712\n', 'memory.usage_in_bytes': '5\n', 'memory.stat': '' };
    assert.deepEqual(await probeOf({ '/proc/self/cgroup': '4:memory:/\n', ...under('/sys/fs/cgroup/memory', huge) }).read(), ofMachine);
  });

  test('follows a limit that is changed while we run', async () => {
    const files: Record<string, string> = { '/proc/self/cgroup': '0::/\n', ...under('/sys/fs/cgroup', v2) };
    const probe = probeOf(files);
    await probe.read();
    files['/sys/fs/cgroup/memory.max'] = `${gib}\n`;
    assert.deepEqual(await probe.read(), { usedBytes: 0.75 * gib, limitBytes: gib, shareBytes: gib / 2 });
  });

  test('of this very process is something between nothing and all', async () => {
    const { usedBytes, limitBytes } = await new MemoryProbe(1).read();
    assert.ok(usedBytes > 0 && usedBytes <= limitBytes, `${usedBytes} of ${limitBytes}`);
  });
});
