import { locateRules } from '../ask/explain/locate-rules.ts';
import { questionOf } from '../ask/explain/question-query.ts';
import type { Config } from '../config/config.ts';
import type { Controller } from '../controller/controller.ts';
import { type DebugPage, PageRefusal } from '../observability/admin-server.ts';
import { resolveInTurns } from '../steps.ts';
import { RuleFields } from '../translate/rule-fields.ts';
import type { WorkerSupervisor } from '../workers/worker-supervisor.ts';
import { filesOf, maxFilesOfAnswer } from './files-of-source.ts';
import type { OpenedSource } from './open-source.ts';
import { unreadNotes } from './unread-notes.ts';

/** The page `/debug/explain`: where a request would go by the table that is served now. Between routes the process does other things. */
export function explainPage(
  config: Config,
  controller: Pick<Controller, 'translation'>,
  supervisor: Pick<WorkerSupervisor, 'table' | 'questions' | 'drainedEndpoints'>,
  opened: OpenedSource,
): DebugPage {
  return async (query) => {
    // Loaded when somebody asks: it has the filters of workers with it.
    const { explainInSteps } = await import('../ask/explain/explain.ts');
    const out = await supervisor.questions.outEndpoints();
    const { table, drainedEndpoints: drained } = supervisor;
    const problems = controller.translation?.problems ?? [];
    const rules = new RuleFields(opened.source.store.snapshot());
    const { locationOf, textOf } = filesOf(opened);
    const fieldOf = rules.of.bind(rules);
    const context = { table, config, problems, locationOf, fieldOf, out, drained, hostsWithoutCertificate: undefined };
    const answer = await resolveInTurns(explainInSteps(questionOf(query), context));
    if ('kind' in answer) return new PageRefusal(answer.message);
    const notes = [...answer.notes, ...unreadNotes(opened.source.store.problems())];
    return await locateRules({ ...answer, notes }, textOf, maxFilesOfAnswer);
  };
}
