import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after } from 'node:test';
import { AcmeClientCa } from '../../../src/acme/acme-client-ca.ts';
import type { AcmeClock } from '../../../src/acme/acme-clock.ts';
import type { AcmeSecrets } from '../../../src/acme/acme-secrets.ts';
import { CaAccounts } from '../../../src/acme/ca-accounts.ts';
import { CertificateManager, type CertificateManagerOptions } from '../../../src/acme/certificate-manager.ts';
import type { Confirm } from '../../../src/acme/order-run.ts';
import { systemClock } from '../../../src/controller/controller-clock.ts';
import type { AcmeCertificate, AcmeIssuer } from '../../../src/translate/acme-certificate.ts';
import { acmeStateName } from '../../../src/translate/acme-state.ts';
import { presentCertificate } from '../../../src/translate/present-certificate.ts';
import { readAcmeState } from '../../../src/translate/read-acme-state.ts';
import { readCertificate } from '../../../src/translate/read-certificate.ts';
import { Pebble } from '../pebble.ts';
import { RecordedLog } from '../recorded-log.ts';
import { MemorySecrets } from './memory-secrets.ts';

export const namespace = 'smartproxy-ingress';

/** An issuer with nothing but what it must have. */
export function issuer(directory: string, more: Partial<AcmeIssuer> = {}): AcmeIssuer {
  return {
    name: 'test',
    directory,
    ca: undefined,
    email: undefined,
    externalAccount: undefined,
    preferredChain: undefined,
    profile: undefined,
    keyType: 'ECDSA',
    challenge: 'http-01',
    dns: undefined,
    resolvers: [],
    selfCheck: 'Off',
    reclaimPolicy: 'Retain',
    ...more,
  };
}

/** Plain HTTP that gives the answers of every challenge that is kept, as replicas do. */
export async function startAnswers(secrets: MemorySecrets): Promise<Server> {
  const server = createServer((request, response) => {
    const token = request.url?.slice('/.well-known/acme-challenge/'.length);
    const challenges = [...secrets.objects.values()].flatMap((secret) => readAcmeState(secret).order?.challenges ?? []);
    const answer = challenges.find((challenge) => challenge.token === token);
    response.writeHead(answer === undefined ? 404 : 200).end(answer?.keyAuthorization);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/** A CA for all tests of a file, the Secrets of theirs, and the port where the CA looks for answers. @param options of Pebble */
export async function startCaOfFile(
  options: Omit<Parameters<typeof Pebble.start>[0], 'httpPort'> = {},
): Promise<{ readonly pebble: Pebble; readonly secrets: MemorySecrets; readonly httpPort: number }> {
  const secrets = new MemorySecrets();
  const answers = await startAnswers(secrets);
  answers.unref(); // a CA that does not start must not leave the file waiting
  after(() => answers.close());
  const httpPort = (answers.address() as AddressInfo).port;
  const pebble = await Pebble.start({ httpPort, ...options });
  after(() => pebble.stop());
  return { pebble, secrets, httpPort };
}

export interface ManagerOptions {
  readonly secrets: AcmeSecrets;
  readonly confirm?: Confirm;
  readonly remove?: CertificateManagerOptions['remove'];
  readonly clock?: AcmeClock;
}

/** A manager of its own, as a replica has it, that is not active yet. */
export function startManager(
  { secrets, confirm = async () => undefined, remove, clock = systemClock }: ManagerOptions,
  log = new RecordedLog(),
) {
  const closing = new AbortController();
  const reported: unknown[] = [];
  const records = new Map<string, string>();
  const manager = new CertificateManager({
    secrets,
    accounts: new CaAccounts(secrets, namespace, async (of, account) => new AcmeClientCa(of, account, closing.signal)),
    namespace,
    clock,
    log,
    confirm,
    ...(remove && { remove }),
    report: (error) => {
      if (error !== undefined) reported.push(error);
    },
    reportRecords: (secret, message) => {
      if (message === undefined) records.delete(secret);
      else records.set(secret, message);
    },
  });
  return {
    manager,
    log,
    reported,
    /** What is told of records in DNS now. */
    records,
    /** As when its process ends. */
    async stop(): Promise<void> {
      closing.abort(new Error('stopped'));
      await manager.close();
    },
  };
}

/** A certificate that is wanted, as the Secrets have it now. */
export function wanted(secrets: MemorySecrets, of: AcmeIssuer, secret: string, ...names: readonly string[]): AcmeCertificate {
  const stateSecret = `${namespace}/${acmeStateName(secret)}`;
  const present = secrets.objects.get(secret);
  return {
    secret,
    names: [...names].sort(),
    issuer: of,
    stateSecret,
    state: readAcmeState(secrets.objects.get(stateSecret)),
    present: present && presentCertificate(present, readCertificate(secret, present)),
    owners: [],
    hasOtherOwners: false,
  };
}
