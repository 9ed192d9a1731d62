import type { FrameOutput } from '../frame-output.ts';
import { defaultWindowBytes } from '../frames.ts';
import { connectionWindowBytes, maxConcurrentStreams, streamWindowBytes } from '../limits.ts';
import { Setting } from '../peer-settings.ts';

/** The first frames of a connection: our SETTINGS (RFC 9113 section 3.4), and the connection's window opened as wide as we let it be. */
export function greet(output: FrameOutput, maxHeaderBytes: number): void {
  output.settings([
    ...[Setting.maxConcurrentStreams, maxConcurrentStreams],
    ...[Setting.initialWindowSize, streamWindowBytes],
    ...[Setting.maxHeaderListSize, maxHeaderBytes],
    ...[Setting.enableConnectProtocol, 1],
    ...[Setting.noRfc7540Priorities, 1],
  ]);
  output.windowUpdate(0, connectionWindowBytes - defaultWindowBytes);
}
