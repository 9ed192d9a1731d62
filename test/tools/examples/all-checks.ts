import { authChecks } from './auth-checks.ts';
import { connectionChecks } from './connection-checks.ts';
import { type ExampleCheck, requestChecks } from './request-checks.ts';

/** What each example in examples/smartroute does, by the name of its file; those of nftables take a kernel to themselves. */
export const exampleChecks: Readonly<Record<string, ExampleCheck>> = { ...requestChecks, ...authChecks, ...connectionChecks };
