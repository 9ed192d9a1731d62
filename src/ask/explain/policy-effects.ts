import type { ClientConnectionPolicy, Policy } from '../../routes/policy.ts';
import type { ForwardAction } from '../../routes/route.ts';
import { serviceText } from '../service-text.ts';
import { inSeconds } from './in-seconds.ts';

/** What a policy does with requests and answers on their way, a phrase each; without what filters say. */
export function policyEffects(policy: Policy, action: ForwardAction): readonly string[] {
  const {
    timeouts,
    requestHeaders,
    responseHeaders,
    compression,
    mirror,
    buffering,
    errorPages = [],
    retries,
    cors,
    clientConnection,
  } = policy;
  const effects = [
    action.rewrite?.host !== undefined && `the backend is asked for the host ${action.rewrite.host}`,
    action.rewrite?.path !== undefined && `the path is rewritten (${action.rewrite.path.kind})`,
    requestHeaders !== undefined && `request headers are changed: ${editedNames(requestHeaders)}`,
    responseHeaders !== undefined && `answer headers are changed: ${editedNames(responseHeaders)}`,
    cors !== undefined && 'answers get the headers of CORS',
    action.hashBy !== undefined &&
      `the endpoint is chosen by ${action.hashBy.kind}${'name' in action.hashBy ? ` ${action.hashBy.name}` : ''}`,
    action.sessionCookie !== undefined && `the client is kept with its endpoint by the cookie ${action.sessionCookie.name}`,
    mirror !== undefined && `${mirror.percent} % of the requests are copied to ${serviceText(mirror.service)}`,
    compression !== undefined && `answers are compressed with ${compression.algorithms.join(', ')}`,
    policy.maxRequestBodyBytes > 0 && `bodies of requests may have ${policy.maxRequestBodyBytes} bytes`,
    (buffering?.requestBytes ?? 0) > 0 && `the body is waited for, up to ${buffering?.requestBytes} bytes`,
    (buffering?.answerBytes ?? 0) > 0 && `answers are held for slow clients, up to ${buffering?.answerBytes} bytes`,
    errorPages.length > 0 && `errors have pages: ${[...new Set(errorPages.flatMap(({ statuses }) => statuses))].join(', ')}`,
    retries > 0 && `tried again up to ${retries} times`,
    `times: connect ${inSeconds(timeouts.connectMs)}, read ${inSeconds(timeouts.readMs)}, send ${inSeconds(timeouts.sendMs)}, silent WebSockets ${inSeconds(timeouts.tunnelIdleMs)}`,
    clientConnection !== undefined && `connections: ${connectionWords(clientConnection).join(', ')}`,
    timeouts.requestMs !== undefined && `the whole request has ${inSeconds(timeouts.requestMs)}`,
    policy.accessLog === false && 'it is in no access log',
  ];
  return effects.filter((effect) => effect !== false);
}

/** What holds for the connections that bring requests, and for WebSockets. */
function connectionWords({ idleMs, idleFactor, lifetimeMs, whenRemoved }: ClientConnectionPolicy): readonly string[] {
  const idle = idleMs === undefined && idleFactor > 0 ? `${idleFactor} times as long as others` : inSeconds((idleMs ?? 0) * idleFactor);
  const words = [
    (idleMs !== undefined || idleFactor !== 1) && `idle ${idle}`,
    `lifetime ${inSeconds(lifetimeMs)}`,
    whenRemoved !== undefined && `WebSockets end ${whenRemoved === 'cut' ? 'with their route' : 'a drain time after their route'}`,
  ];
  return words.filter((word) => word !== false);
}

/** Names alone: values may be secrets of an object. */
function editedNames({ remove, set, add }: NonNullable<Policy['requestHeaders']>): string {
  const names = [...remove, ...set.filter((_, index) => index % 2 === 0), ...add.filter((_, index) => index % 2 === 0)];
  return [...new Set(names)].join(', ');
}
