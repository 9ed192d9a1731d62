import type { SmartProxyConfigStatus } from '../../api/generated/smart-proxy-config.ts';
import type { SmartProxyConfigStatusContent } from '../../translate/smart-proxy-config-statuses.ts';
import { ObjectStatusWriter, type ObjectStatusWriterOptions, timedConditions } from './object-status-writer.ts';
import { smartProxyConfigType } from './resources.ts';

/** Writes the statuses of SmartProxyConfigs. */
export class ConfigStatusWriter extends ObjectStatusWriter<'SmartProxyConfig', SmartProxyConfigStatusContent> {
  constructor(options: ObjectStatusWriterOptions) {
    super(options, { kind: 'SmartProxyConfig', resource: smartProxyConfigType, statusOf });
  }
}

function statusOf(
  { generation, summary, conditions, listeners }: SmartProxyConfigStatusContent,
  present: SmartProxyConfigStatus | undefined,
  now: string,
): SmartProxyConfigStatus {
  return {
    summary,
    conditions: timedConditions(conditions, present?.conditions, generation, now),
    listeners: listeners.map(({ name, conditions: ofListener }) => {
      const before = present?.listeners?.find((listener) => listener.name === name);
      return { name, conditions: timedConditions(ofListener, before?.conditions, generation, now) };
    }),
  };
}
