import { answerCases } from './answer-cases.ts';
import { authCases } from './auth-cases.ts';
import { backendCases } from './backend-cases.ts';
import { balancingCases } from './balancing-cases.ts';
import { connectionCases } from './connection-cases.ts';
import type { DefaultCase } from './default-case.ts';
import { requestCases } from './request-cases.ts';
import { udpCases } from './udp-cases.ts';

/** Everything that `defaults` of a SmartProxyConfig can say, by what it changes. A test fails when a field is in none of them. */
export const defaultCases: readonly DefaultCase[] = [
  ...requestCases,
  ...answerCases,
  ...authCases,
  ...backendCases,
  ...connectionCases,
  ...balancingCases,
  ...udpCases,
];
