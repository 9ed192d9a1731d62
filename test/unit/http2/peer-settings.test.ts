import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PeerSettings, Setting } from '../../../src/networkproxy/http2/peer-settings.ts';
import { settingsPayload } from '../../tools/raw-http2.ts';

function apply(settings: PeerSettings, ...pairs: readonly (readonly [number, number])[]): string | undefined {
  // Surrounded by other bytes, as in a read buffer.
  const payload = Buffer.concat([Buffer.from([0xff]), settingsPayload(pairs), Buffer.from([0xff])]);
  return settings.apply(payload, 1, payload.length - 1);
}

describe('the settings of a peer', () => {
  it('are those of RFC 9113 until it has said otherwise', () => {
    const settings = new PeerSettings(false);
    assert.equal(settings.headerTableBytes, 4096);
    assert.equal(settings.initialWindowBytes, 65_535);
    assert.equal(apply(settings), undefined);
    assert.equal(settings.headerTableBytes, 4096);
  });

  it('are taken in their order, the last of each counting', () => {
    const settings = new PeerSettings(false);
    const pairs = [
      [Setting.headerTableSize, 0],
      [Setting.initialWindowSize, 1],
      [Setting.headerTableSize, 0xffff_ffff],
      [Setting.initialWindowSize, 0x7fff_ffff],
    ] as const;
    assert.equal(apply(settings, ...pairs), undefined);
    assert.equal(settings.headerTableBytes, 0xffff_ffff);
    assert.equal(settings.initialWindowBytes, 0x7fff_ffff);
  });

  it('keep what a frame before said', () => {
    const settings = new PeerSettings(false);
    apply(settings, [Setting.initialWindowSize, 10]);
    apply(settings, [Setting.headerTableSize, 20]);
    assert.equal(settings.initialWindowBytes, 10);
    assert.equal(settings.headerTableBytes, 20);
  });

  it('may hold unknown ids and any value that is allowed', () => {
    const allowed: readonly (readonly number[])[] = [
      ...[0, 1].flatMap((value) =>
        [Setting.enablePush, Setting.enableConnectProtocol, Setting.noRfc7540Priorities].map((id) => [id, value]),
      ),
      ...[16_384, 0x00ff_ffff].map((value) => [Setting.maxFrameSize, value]),
      ...[0, 0xffff_ffff].flatMap((value) =>
        [Setting.maxConcurrentStreams, Setting.maxHeaderListSize, 0, 7, 0xffff].map((id) => [id, value]),
      ),
    ];
    for (const [id = 0, value = 0] of allowed) assert.equal(apply(new PeerSettings(false), [id, value]), undefined, `${id} = ${value}`);
  });

  const refused: readonly (readonly [number, number, string])[] = [
    [Setting.enablePush, 2, 'bad-setting'],
    [Setting.enableConnectProtocol, 2, 'bad-setting'],
    [Setting.noRfc7540Priorities, 0xffff_ffff, 'bad-setting'],
    [Setting.maxFrameSize, 16_383, 'bad-setting'],
    [Setting.maxFrameSize, 0x0100_0000, 'bad-setting'],
    [Setting.initialWindowSize, 0x8000_0000, 'bad-window-setting'],
  ];
  for (const [id, value, rule] of refused) {
    it(`are refused with ${rule} for ${id} = ${value}, wherever it stands`, () => {
      assert.equal(apply(new PeerSettings(false), [id, value]), rule);
      assert.equal(apply(new PeerSettings(false), [Setting.headerTableSize, 1], [id, value]), rule);
    });
  }

  it('of a server say nothing of pushes but that it makes none', () => {
    assert.equal(apply(new PeerSettings(true), [Setting.enablePush, 0]), undefined);
    assert.equal(apply(new PeerSettings(true), [Setting.enablePush, 1]), 'bad-setting');
  });

  it('of a server say how many streams it takes, and whether it takes WebSockets', () => {
    const settings = new PeerSettings(true);
    assert.equal(settings.maxConcurrentStreams, Number.POSITIVE_INFINITY);
    assert.equal(apply(settings, [Setting.maxConcurrentStreams, 0], [Setting.enableConnectProtocol, 1]), undefined);
    assert.equal(settings.maxConcurrentStreams, 0);
    assert.equal(settings.allowsConnect, true);
  });
});
