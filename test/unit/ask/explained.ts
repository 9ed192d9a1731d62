import { explain } from '../../../src/ask/explain/explain.ts';
import type { ExplainContext } from '../../../src/ask/explain/explain-context.ts';
import type { Explanation } from '../../../src/ask/explain/explanation.ts';
import type { Question } from '../../../src/ask/explain/question.ts';
import { listenersOf } from '../../../src/cli/listeners.ts';
import { translateOptionsOf } from '../../../src/cli/translate-options.ts';
import { parseArguments } from '../../../src/config/arguments.ts';
import { resolveConfig } from '../../../src/config/resolve.ts';
import { ObjectStore } from '../../../src/sources/object-store.ts';
import { RuleFields } from '../../../src/translate/rule-fields.ts';
import { translate } from '../../../src/translate/translate.ts';
import { objectsOf } from '../../tools/program.ts';

const system = { env: {}, inPod: false, hostname: 'test', home: '/nonexistent', hasIpv6: false, podNamespace: undefined };

/** What `explain` goes by, for the objects of `yaml`. */
export function contextOf(yaml: string, flags: readonly string[] = [], changes: Partial<ExplainContext> = {}): ExplainContext {
  const { config } = resolveConfig(parseArguments(['--manifests', '-', ...flags]).texts, system);
  const store = new ObjectStore();
  store.replaceAll(objectsOf(yaml));
  const { routeTable, problems, hostsWithoutCertificate } = translate(store.snapshot(), {
    ...translateOptionsOf(config, listenersOf(config)),
    nowMs: Date.now(),
  });
  const locationOf = (kind: string, key: string) => `${kind}.yaml:${key.length}`;
  const rules = new RuleFields(store.snapshot());
  const fieldOf = rules.of.bind(rules);
  return { table: routeTable, config, problems, locationOf, fieldOf, out: [], drained: [], hostsWithoutCertificate, ...changes };
}

/** A question of which only the URL, and what `changes` says, is out of the ordinary. */
export function question(url: string, changes: Partial<Question> = {}): Question {
  return { url, method: 'GET', headers: [], serverName: undefined, client: undefined, listener: undefined, httpVersion: '1.1', ...changes };
}

/** The explanation; a question that nobody could send fails the test. */
export function explained(context: ExplainContext, url: string, changes: Partial<Question> = {}): Explanation {
  const answer = explain(question(url, changes), context);
  if ('kind' in answer) throw new Error(answer.message);
  return answer;
}

/** Why a question can not be answered; an answer fails the test. */
export function refusal(context: ExplainContext, url: string, changes: Partial<Question> = {}): string {
  const answer = explain(question(url, changes), context);
  if ('kind' in answer) return answer.message;
  throw new Error(`answered: ${answer.summary}`);
}
