import type { AcmeCertificate, AcmeIssuer } from '../translate/acme-certificate.ts';
import type { AcmeChallenge } from '../translate/acme-state.ts';
import { askAnswer, type SeenAnswer } from './ask-answer.ts';
import { DnsView } from './dns/dns-view.ts';
import { holdsBack } from './self-check-policy.ts';

/** What does not fit, as a sentence without its end. */
interface Finding {
  readonly isEvident: boolean;
  readonly why: string;
}

/** Addresses of a name that are looked at; names at once. */
const maxAddresses = 8;
const namesAtOnce = 8;

/** Ports that CAs dial, by what listens: published ports; undefined: nothing listens. */
export type PublishedPort = (protocol: 'http' | 'https') => number | undefined;

/**
 * Looks at the answers of challenges as a CA will: by the addresses that names have in DNS. Resolves when they are there, or nothing speaks
 * against it; else with what is wrong, as a sentence without its end.
 */
export async function selfCheck(
  challenges: readonly AcmeChallenge[],
  { issuer, state }: AcmeCertificate,
  publishedPort: PublishedPort,
): Promise<string | undefined> {
  if (issuer.selfCheck === 'Off') return undefined;
  const view = new DnsView(issuer.resolvers);
  const open = challenges.filter(({ type }) => type !== 'dns-01');
  for (let from = 0; from < open.length; from += namesAtOnce) {
    const part = open.slice(from, from + namesAtOnce);
    const findings = await Promise.all(part.map((challenge) => look(view, challenge, publishedPort)));
    const finding = findings.find((each) => each !== undefined && holdsBack(issuer.selfCheck, each.isEvident, state.failure));
    if (finding !== undefined) return sentenceOf(finding, issuer);
  }
  return undefined;
}

async function look(view: DnsView, challenge: AcmeChallenge, publishedPort: PublishedPort): Promise<Finding | undefined> {
  const { type, name } = challenge;
  const port = publishedPort(type === 'tls-alpn-01' ? 'https' : 'http');
  if (port === undefined)
    return { isEvident: true, why: `no listener of ${type === 'tls-alpn-01' ? 'HTTPS' : 'HTTP'} answers for ${name}` };
  const seen = await view.addresses(name);
  if (seen.kind !== 'some') return { isEvident: seen.kind === 'none', why: `${name} ${seen.why}` };
  const answers = await Promise.all(
    seen.addresses
      .slice(0, maxAddresses)
      .map(async (address) => ({ address, answer: await askAnswer({ address, port, withHeader: false }, challenge) })),
  );
  // CAs take any address, and go on to the next where nobody answers.
  const wrong = answers.find(({ answer }) => answer.kind === 'wrong');
  if (wrong !== undefined)
    return { isEvident: true, why: `${name} leads to ${wrong.address}, where port ${port} is not ours: ${whyOf(wrong.answer)}` };
  const [unseen] = answers;
  if (unseen === undefined || answers.some(({ answer }) => answer.kind === 'right')) return undefined;
  return {
    isEvident: false,
    why: `${name} leads to ${unseen.address}, whose port ${port} can not be reached from here, ${whyOf(unseen.answer)}`,
  };
}

function whyOf(answer: SeenAnswer): string {
  return answer.kind === 'right' ? '' : answer.why;
}

function sentenceOf({ isEvident, why }: Finding, { selfCheck: mode }: AcmeIssuer): string {
  const said = `the self-check failed and the CA was not asked: ${why}`;
  if (!isEvident && mode === 'Lenient')
    return `${said}; make it lead here, or let the CA find out, which is asked after two tries all the same`;
  return `${said}; make it lead here, or, if only this network sees it so, give the issuer public resolvers or selfCheck Off`;
}
