import type { Config } from '../config/config.ts';
import type { TroubleReason, Troubles } from '../sources/troubles.ts';
import type { Problem, Translation } from '../translate/translation.ts';

const certificatePart = 'default-certificate';
const backendPart = 'default-backend';

/** Names, in troubles, of the objects that options name and that traffic needs. */
export const configuredParts: ReadonlySet<string> = new Set([certificatePart, backendPart]);

/** Makes troubles of what is wrong with the objects that `--default-certificate` and `--default-backend` name. */
export function reportConfiguredObjects(
  config: Pick<Config, 'defaultBackend' | 'defaultCertificate'>,
  { problems }: Pick<Translation, 'problems'>,
  troubles: Pick<Troubles, 'report' | 'clear'>,
): void {
  const secret = problems.find((problem) => isOfOption(problem, 'Secret', config.defaultCertificate));
  tell(troubles, certificatePart, secret, '--default-certificate; a self-signed one is shown meanwhile');
  const service = problems.find((problem) => isOfOption(problem, 'Service', config.defaultBackend?.split(':')[0]));
  tell(troubles, backendPart, service, '--default-backend; what matches no Ingress gets an error meanwhile');
}

/** Problems of options are about the object that the option names; those of Ingresses are about the Ingress. */
function isOfOption({ object }: Problem, kind: string, key: string | undefined): boolean {
  return key !== undefined && object.kind === kind && `${object.namespace}/${object.name}` === key;
}

function tell(troubles: Pick<Troubles, 'report' | 'clear'>, part: string, problem: Problem | undefined, meanwhile: string): void {
  if (problem === undefined) troubles.clear(part);
  else troubles.report(part, { reason: reasonOf(problem), message: `${problem.message} (${meanwhile})` });
}

function reasonOf({ reason }: Problem): TroubleReason {
  if (reason === 'NoEndpoints') return 'no-endpoints';
  return reason.endsWith('NotFound') ? 'missing' : 'invalid';
}
